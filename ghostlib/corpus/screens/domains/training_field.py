"""Domains that training sees: farms, building sites, car workshops and surveys."""

TEXT = """
= farm | Farm | Greenacre / Fieldbook / Hofgut Linden / Barley & Beet
@ farms: Lindenhof / Oak Tree Farm / Mill Farm / Hill Top Farm / Brook Farm / Meadow Dairy / Church Farm / Old Barn Farm
@ fields: Long meadow / Mill field / Upper terrace / River strip / Church acre / Oak corner / Far pasture / South slope
@ fields: Pond field / Quarry piece
@ crops: Winter wheat / Spring barley / Sugar beet / Rapeseed / Silage maize / Potatoes / Oats / Red clover / Field beans
@ chores: Drilling / Rolling / Top dressing / Hoeing / Irrigation / Spraying / Ploughing / Mowing / Baling
@ stuff: Urea 46 / Potash 60 / Cattle slurry / Compost / Fungicide T1 / Seed dressing / Lime
@ buyers: Valley Mill / Coop Silo / Malting Works / Sugar Plant East / Farm Shop / Feed Trade Ltd. / Biogas North
@ animals: Bessie / Flora / Hazel / Juno / Liesel / Mira / Nora / Olga / Pepper / Rosie / Stella / Wanda
@ soils: Loam / Sandy loam / Clay / Chalk / Peat / Silt
@ weather: Dry and windy / Light rain after noon / Frost in the morning / Sunny, 24 degrees / Fog until ten
+ farms Farm home
*name! list:farms
farmer person
address address
postal_code postcode
phone phone
is_organic bool
+ fields Field map
*name! list:fields
farm_id! ref:farms
area_ha! decimal:1-38
soil_type list:soils = Soil type / Soil
slope percent:0-18
is_irrigated bool
+ crops Crop drop
*name! list:crops
season! enum:winter|spring|catch_crop
seed_rate_kg int:4-240
growing_days int:80-320 = Growing days / Days to harvest
+ plantings Planting calendar
field_id! ref:fields
crop_id! ref:crops
sown_on!^ date:past = Sown on / Sown
expected_harvest date:future = Expected harvest / Harvest from
seed_cost money:80-4200
status! enum:planned|sown|growing|harvested
+ field_operations Field operation wrench
field_id! ref:fields
operation! list:chores
worker_id ref:workers
done_at!^ time:past = Done at / Done
product_used list:stuff
amount_kg int:20-3200
weather list:weather
+ harvests Harvest box
crop_id ref:crops
field_id! ref:fields
harvested_on!^ date:past = Harvested on / Harvested
yield_tonnes! decimal:4-240 = Yield (t) / Yield (tonnes)
moisture percent:8-22
buyer list:buyers
+ animals Animal heart
*name! list:animals
ear_tag! code:~-##-###-##### = Ear tag / Ear tag no.
farm_id! ref:farms
mother_id ref:animals
breed! enum:holstein|jersey|angus
born_on date:pet = Born on / Born
weight_kg int:38-720
+ workers Worker user
*full_name! person
phone! phone
hourly_wage money:12-28
has_tractor_licence bool = Tractor licence

= construction | Construction | Sitebook / Masonry One / Girder / Plumbline
@ sites: School extension / Riverside flats / Fire station / Cycle bridge / Town hall roof / Row of six houses / Warehouse 7
@ sites: Sports hall / Clinic annex / Underground garage
@ trades: Carpentry / Masonry / Roofing / Electrical / Plumbing / Painting / Drywall / Landscaping / Scaffolding
@ steps: Pour foundation slab / Raise walls level 1 / Install roof trusses / Lay screed / First fix electrics / Hang doors
@ steps: Waterproof basement / Plaster stairwell / Fit windows east / Pave the yard / Commission heating
@ defects: Crack above door / Missing fire seal / Socket not earthed / Uneven tiles / Leaking gutter / Scratched window
@ defects: Wrong paint colour / Loose handrail
@ materials: Ready-mix C25 / Brick red 24 cm / Rebar 12 mm / Roof batten / Mineral wool 160 mm / Gypsum board / Cement 25 kg
@ materials: Drain pipe DN100
@ days: Concrete arrived two hours late, slab finished at dusk. / Crane stood still because of wind.
@ days: Four roofers on site; north side is closed. / Inspection of the rebar passed without remarks.
@ weather: Sunny / Cloudy / Rain / Snow / Windy / Frost
+ sites Site building
*name! list:sites
client! company
address! address
city! city
manager_id! ref:users
start_date! date:past
end_date date:future
contract_sum! money:80000-4800000 = Contract sum / Contract value
progress slider:0-100 = Progress / Progress %
+ users User user
*full_name! person
email! email
phone phone
+ subcontractors Subcontractor users
*name! company
trade! list:trades
contact_name person = Contact name / Contact person
phone! phone
insured_until date:future = Insured until / Insurance until
rating stars
+ work_packages Work package check
*title! list:steps
site_id! ref:sites
subcontractor_id ref:subcontractors
depends_on_id ref:work_packages = Depends on
planned_start!^ date:future
duration_days! int:1-60
status! enum:open|running|blocked|finished
+ daily_reports Daily report file
site_id! ref:sites
author_id! ref:users
report_date!^ date:past
weather list:weather
crew_size! int:2-60
summary long:days
+ defects Defect flag
*title! list:defects
site_id! ref:sites
subcontractor_id ref:subcontractors
severity! enum:minor|major|critical
found_on! date:past = Found on / Found
fix_by date:future
photo file:jpg
is_fixed bool
+ material_orders Material order truck
*material! list:materials
site_id! ref:sites
quantity! int:1-900
unit! enum:piece|bag|roll|pallet
unit_price money:1-480
delivery_date! date:future
is_delivered bool

= workshop | Car workshop | Torque Garage / Spanner & Sons / Liftbay / Autohaus Mitte
@ makes: Volkswagen / Toyota / Renault / Opel / Skoda / Ford / Hyundai / Peugeot / BMW / Fiat
@ models: Golf / Corolla / Clio / Astra / Octavia / Focus / i30 / 208 / 320d / Panda
@ jobs: Full service / Timing belt / Brake discs rear / Exhaust repair / Wheel alignment / Air conditioning check
@ jobs: Battery change
@ jobs: Clutch kit / Diagnosis engine light / Tyre change winter / MOT preparation
@ parts: Oil filter / Brake pad set / Spark plug / Wiper blade / Timing belt kit / Cabin filter / Wheel bearing
@ parts: Headlamp bulb H7
@ parts: Coolant 5 l / Engine oil 5W-30
@ bays: Bay 1 / Bay 2 / Bay 3 / Lift A / Lift B / Alignment rig
@ skills: Engine / Brakes / Electrics / Bodywork / Hybrid / Air conditioning / Tyres
@ finds: Grinds when turning left, worse when cold. / Engine light came on yesterday on the motorway.
@ finds: Customer waits in the lounge; call before any extra work. / Front left tyre loses air slowly.
+ car_owners Car owner users
*full_name!^ person
phone! phone
email email
address address
has_text_messages bool
+ cars Car truck
*license_plate! code:??-?-####
car_owner_id! ref:car_owners
make! list:makes
model! list:models
vin code:WVWZZZ###??###### = VIN
model_year int:2006-2025 = Model year / Year
mileage_km int:3000-290000
next_inspection date:future = Next inspection / Inspection due
+ mechanics Mechanic user
*full_name! person
skills tags:skills
hourly_rate! money:40-95
is_certified bool
+ work_orders Work order wrench
*order_number! code:WO-#####
car_id! ref:cars
mechanic_id ref:mechanics
status! enum:booked|in_progress|waiting_for_parts|ready|collected
complaint long:finds
promised_at^ time:future
bay list:bays
total money:60-2400
+ work_order_lines Work line list
work_order_id! ref:work_orders
description! list:jobs
hours decimal:0-8
rate money:40-95
+ parts Part box
*name! list:parts
part_number! code:??#-###-### = Part number / Part no.
part_supplier_id ref:part_suppliers
stock! int:0-140
sale_price! money:3-480
reorder_level int:2-20
+ part_suppliers Part supplier building
*name! company
phone phone
delivery_days int:1-9
+ courtesy_cars Courtesy car tag
*license_plate! code:??-?-####
make! list:makes
fuel! enum:petrol|diesel|electric
is_available bool

= surveys | Surveys | Askwell / Pollen / Tally Room / Clearview Research
@ intros: Eight questions, about five minutes. Thank you for your time!
@ intros: Your answers help us to plan the next term.
@ intros: All answers are stored without your name.
@ surveys: Customer happiness Q2 / Cafeteria menu / Remote work / Website feedback / Event follow-up / Neighbourhood traffic
@ surveys: Course evaluation / Exit interview / Brand awareness / Staff survey 2026 / Library hours
@ questions: How satisfied are you overall? / What should we change first? / How often do you visit?
@ questions: Would you recommend us?
@ questions: Which features do you use? / How did you hear about us? / How clear was the price? / Anything else?
@ questions: How was the room? / Which day suits you best?
@ choices: Very satisfied / Rather satisfied / Neither / Rather not / Never / Once a week / Every day / Through a friend
@ choices: Search
@ answers: Opening hours should be longer on Saturdays. / The new menu is good, the queue is not.
@ answers: Please bring back the old calendar view. / Friendly staff, slow Wi-Fi.
@ panels: Customers 2026 / Employees / Residents north / Students / Newsletter readers / Test panel / Alumni
+ surveys Survey list
*title! list:surveys
owner_id! ref:users
panel_id ref:panels
status! enum:draft|collecting|closed
opens_on date:past = Opens on / Opens
closes_on^ date:future = Closes on / Closes
target_responses int:40-2400
is_anonymous bool
introduction long:intros
+ questions Question help
*wording! list:questions
survey_id! ref:surveys
position! int:1-30
answer_type! enum:single_choice|multiple_choice|scale|text
scale_maximum int:5-10 = Scale maximum / Max. on scale
is_mandatory bool
+ question_options Answer option check
*option_text! list:choices = Option text / Option
question_id! ref:questions
sort_order! int:1-9
+ panels Panel users
*name! list:panels
panel_size! int:30-9000
recruited_on date:past = Recruited on / Recruited
incentive money:0-25
+ respondents Respondent user
*respondent_code! code:R-#####
panel_id! ref:panels
email email
age_group enum:under_30|30_to_44|45_to_59|over_60
city city
+ responses Response chat
survey_id! ref:surveys
respondent_id ref:respondents
started_at!^ time:past = Started at / Started
minutes_taken int:2-28
recommendation slider:0-10 = Recommendation / Would recommend
remark long:answers
is_complete bool
+ invitations Invitation mail
survey_id! ref:surveys
respondent_id! ref:respondents
sent_at! time:past = Sent at / Sent
reminders int:0-3
state! enum:sent|opened|answered|declined
+ users User user
*full_name! person
email! email
"""
