"""Domains that training sees: sports leagues, charities, day care and bees."""

TEXT = """
= league | League | Kickoff / Matchday / Clubroom / Ninety Plus
@ clubs: SV Harbour 09 / Rovers East / FC Linden / United Mill Lane / Athletic North / Spartans / City Blues
@ clubs: Valley Rangers
@ clubs: TSV Old Town / Wanderers / Real Parkside / Olympia
@ grounds: Mill Lane Ground / Parkside Arena / Linden Stadium / Riverside Pitch 2 / Sportforum / East Field / Harbour Park
@ divisions: Premier / First division / Second division / Youth A / Youth B / Women's league / Over 35
@ kits: Red and white / All blue / Green hoops / Black and gold / Sky blue / Orange
@ reasons: Foul play / Dissent / Handball on the line / Second yellow / Time wasting / Violent conduct
@ injuries: Hamstring / Ankle sprain / Knee bruise / Concussion / Groin strain / Broken finger
+ divisions Division folder
*name! list:divisions
season_year! int:2019-2026
age_limit int:14-35
promotion_places int:1-3
+ clubs Club flag
*name! list:clubs
division_id! ref:divisions
ground list:grounds = Ground / Home ground
founded_year int:1898-2012 = Founded (year) / Year founded
kit_colors list:kits = Kit colours / Kit colors
chairperson person
website url
+ players Player users
*full_name!^ person
club_id! ref:clubs
shirt_number! int:1-39 = Shirt number / Shirt no.
position! enum:keeper|defender|midfielder|forward
date_of_birth! date:adult
height_cm int:164-201
is_eligible bool
+ referees Referee user
*full_name! person
phone phone
grade! enum:regional|national|international
travel_radius_km int:20-200
+ matches Match calendar
*match_number! code:M-#### = Match number / Match no.
home_club_id! ref:clubs
away_club_id! ref:clubs
referee_id ref:referees
kicks_off_at!^ time:past = Kicks off at / Kick-off
ground list:grounds
home_goals int:0-6
away_goals int:0-6
attendance int:18-4200
status! enum:finished|abandoned|awarded
+ goals Goal target
match_id! ref:matches
player_id! ref:players
minute! int:1-94
kind! enum:open_play|penalty|own_goal
+ cards Card card
match_id! ref:matches
player_id! ref:players
card! enum:yellow|red
minute! int:1-94
reason list:reasons
+ transfers Transfer arrows
player_id! ref:players
from_club_id! ref:clubs
to_club_id! ref:clubs
transferred_on!^ date:past = Transferred on / Transferred
fee money:0-40000
+ injuries Injury heart
player_id! ref:players
diagnosis! list:injuries
injured_on! date:past = Injured on / Injured
fit_again date:future

= charity | Charity | Kindred Fund / Openhand / Harbour Aid / Brightwell Trust
@ stories: Four hundred families had to leave their homes in one night.
@ stories: One coat costs 28, and last winter 900 were needed.
@ stories: A well gives water to two schools and a clinic.
@ campaigns: Winter coats / Clean wells / School breakfasts / Night shelter / Reading buddies / Flood relief
@ campaigns: Seeds for spring
@ campaigns: Emergency kitchen / Bikes for girls / Home again
@ causes: Children / Water / Housing / Education / Emergency / Health / Environment
@ projects: Well in Kisumu / Kitchen on Mill Lane / Library bus / Shelter Harbour Street / School garden / First aid courses
@ projects: Solar lamps
@ shifts: Soup kitchen, evening / Sorting clothes / Street collection / Phone line / Tutoring maths / Driving the van
@ shifts: Front desk
@ skills: Driving licence / First aid / Arabic / Cooking / Bookkeeping / Carpentry / Teaching / Photography
@ grants: City of Lyon / Lottery Fund / Family Becker Foundation / Rotary North / Nordic Relief / Stiftung Brücke
@ thanks: Gives every December in memory of her father. / Would like to visit the kitchen once.
@ thanks: Please send no letters, e-mail only. / Met at the summer fair; interested in the wells.
+ donors Donor users
*full_name!^ person
email email
phone phone
address address
postal_code postcode
is_anonymous bool
tax_number code:##-###-##### = Tax number / Tax no.
notes long:thanks
+ campaigns Campaign megaphone
*title! list:campaigns
cause! list:causes
goal_amount! money:2000-90000 = Goal amount / Goal
starts_on date:past = Starts on / Starts
ends_on^ date:future = Ends on / Ends
progress slider:0-100
status! enum:planned|running|closed
story long:stories
+ donations Donation heart
*receipt_number! code:D-###### = Receipt number / Receipt no.
donor_id! ref:donors
campaign_id ref:campaigns
amount! money:5-1200
donated_at!^ time:past = Donated at / Donated
method! enum:card|transfer|cash|direct_debit
is_recurring bool
+ aid_projects Aid project folder
*name! list:projects
campaign_id ref:campaigns
country! country
lead_id! ref:users
budget! money:1500-80000
started_on date:past
people_reached int:20-9000
+ grants Grant coin
*reference! code:G-20##-##
funder! list:grants
aid_project_id! ref:aid_projects
amount! money:2000-60000
report_due date:future
status! enum:drafted|submitted|granted|refused
+ volunteers Volunteer users
*full_name! person
email! email
phone phone
skills tags:skills
joined_on date:past = Joined on / Joined
hours_per_week int:1-20
+ shifts Shift calendar
*title! list:shifts
volunteer_id ref:volunteers
shift_date!^ date:future
begins_at! clock:8-19
people_needed int:1-12
is_filled bool
+ users User user
*full_name! person
email! email

= daycare | Day care | Little Acorn / Kita Sonne / Poppy House / Rainbow Steps
@ groups: Hedgehogs / Ladybirds / Foxes / Otters / Sparrows / Sunflowers / Bumblebees
@ meals: Pasta with tomato sauce / Vegetable soup / Fish and potatoes / Rice with lentils / Pancakes / Chicken and peas
@ allergies: Peanuts / Milk / Egg / Gluten / Soy / Kiwi / Wasp stings / Sesame
@ play: Forest walk / Finger painting / Music circle / Water play / Baking / Story time / Sports hall / Garden day
@ incidents: Bumped head / Grazed knee / Bee sting / Nosebleed / Bitten finger / Fall from swing
@ notes: Slept well and ate two helpings. / Still shy in the morning; settles after ten minutes.
@ notes: Please bring rubber boots tomorrow. / Has a new word every day this week.
+ groups Group folder
*name! list:groups
educator_id! ref:educators
room venue_room
places! int:8-24
age_from int:1-4 = Age from / From age
color color = Colour / Color
+ educators Educator user
*full_name! person
email! email
phone phone
hire_date date:past
weekly_hours int:15-40
has_first_aid bool = First aid
+ kids Kid users
*full_name!^ person
group_id! ref:groups
date_of_birth! date:toddler
allergies tags:allergies
is_photo_allowed bool
notes long:notes
+ guardians Guardian user
*full_name! person
kid_id! ref:kids
relation! enum:mother|father|grandparent|neighbour
phone! phone
email email
is_pickup_allowed bool
+ attendance_days Attendance calendar
kid_id! ref:kids
day!^ date:past
arrived_at clock:7-9 = Arrived at / Arrived
picked_up_at clock:14-17 = Picked up at / Picked up
mood enum:cheerful|calm|tired
+ incidents Incident flag
*title! list:incidents
kid_id! ref:kids
educator_id! ref:educators
happened_at! time:past
has_first_aid bool
+ meals Meal utensils
*dish! list:meals
served_on!^ date:future = Served on / Served
is_vegetarian bool
portions! int:12-80
+ activities Activity star
*title! list:play
group_id! ref:groups
starts_at! time:future = Starts at / Start
cost money:0-12
is_outdoors bool

= apiary | Apiary | Hivelog / Meadow Bees / Goldcomb / Waxworks
@ apiaries: Orchard edge / Lime avenue / Heath stand / Old quarry / Rooftop east / Monastery garden / Clover field
@ apiaries: Forest clearing
@ hives: H-01 / H-02 / H-03 / H-05 / H-08 / H-11 / H-14 / H-17 / H-21 / H-23
@ finds: Brood on six frames, calm on the combs. / Two queen cells seen and left. / Stores low; fed two litres of syrup.
@ finds: Swarm caught at noon and put into a nucleus. / Strong colony, second super added.
@ honeys: Spring blossom / Acacia / Lime / Heather / Forest / Summer meadow / Chestnut / Clover
@ treats: Oxalic acid / Formic acid / Thymol / Lactic acid / Drone brood removed
@ breeds: Carnica / Buckfast / Ligustica / Mellifera
@ shops: Farm shop Linden / Saturday market / Cafe Lumen / Village bakery / Own doorstep / Organic corner
+ apiaries Apiary map
*name! list:apiaries
keeper_id! ref:keepers
landowner person
altitude_m int:20-1200
is_registered bool
+ keepers Keeper user
*full_name! person
phone phone
email email
registration_number code:IM-###### = Registration number / Reg. no.
+ colonies Colony box
*hive_number! pickcode:hives
apiary_id! ref:apiaries
breed list:breeds
strength slider:0-10
marking color = Marking / Queen marking
status! enum:nucleus|full|wintering|lost
settled_on date:past
+ queens Queen star
*queen_code! code:Q-##-###
colony_id ref:colonies
mother_queen_id ref:queens
hatched_on date:past
temper stars
is_marked bool
+ hive_inspections Hive inspection check
colony_id! ref:colonies
inspected_on!^ date:past
brood_frames int:0-11
food_kg decimal:0-20
is_queen_seen bool
finding long:finds
+ varroa_treatments Varroa treatment drop
colony_id! ref:colonies
substance! list:treats
applied_on! date:past = Applied on / Applied
mites_fallen int:0-340
next_check date:future
+ honey_batches Honey batch tag
*lot_number! code:L-26-## = Lot number / Lot no.
apiary_id! ref:apiaries
honey! list:honeys
extracted_on!^ date:past = Extracted on / Extracted
weight_kg! decimal:4-180
water_content percent:15-20
best_before date:future
+ jar_sales Jar sale cart
honey_batch_id! ref:honey_batches
outlet! list:shops
jars! int:4-240
price_per_jar! money:4-12
sold_on!^ date:past
is_settled bool
"""
