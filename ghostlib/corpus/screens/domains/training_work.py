"""Domains that training sees: work in teams, events, support, banking and farming."""

TEXT = """
= projects | Projects | Loomboard / Sprintly / Taskfield / Northstar
@ briefs: The old screen stays until all customers have moved.
@ briefs: See the sketch in the folder; copy is final.
@ briefs: Needs a decision on the price first.
@ projects: Website relaunch / Mobile app 2.0 / Data platform / Office move / Brand refresh / Payments rewrite
@ projects: Customer portal
@ tasks: Write release notes / Fix login redirect / Draft pricing page / Review onboarding copy
@ tasks: Set up staging server / Update API docs
@ tasks: Interview five users / Migrate old invoices / Design empty states / Reduce image sizes
@ tasks: Plan beta launch / Audit colour contrast
@ milestones: Public beta / Feature freeze / Contract signed / Design hand-over / First customer live
@ milestones: Security review
+ users User user
*full_name! person
email! email
job_title job
is_active bool
+ projects Project folder
*name! list:projects
owner_id! ref:users
status! enum:planned|active|on_hold|done
start_date date:past
due_date^ date:future
budget money:4000-120000
is_archived bool
description long:briefs
+ tasks Task check
*title! list:tasks
project_id! ref:projects
assignee_id ref:users
reviewer_id ref:users
priority! enum:low|medium|high
status! enum:to_do|in_progress|review|done
due_date^ date:future
estimate_hours int:1-40 = Estimate (hours)
description long:briefs
+ milestones Milestone flag
*name! list:milestones
project_id! ref:projects
due_date!^ date:future
is_reached bool
+ time_entries Time entry clock
task_id! ref:tasks
user_id! ref:users
entry_date!^ date:past
hours! decimal:0-8
is_billable bool
comment words
+ comments Comment chat
task_id! ref:tasks
user_id! ref:users
message! words
created_at!^ time:past

= events | Events | Gatherwell / Ticketleaf / Encore / Stagehand
@ lives: Writes about cities and teaches design in two of them.
@ lives: Has built search engines for twenty years.
@ lives: Director of three documentaries; lives by the sea.
@ programme: Two evenings of short films with talks by the makers.
@ programme: Local cooks, open fires and music until eleven.
@ programme: A day of talks on data, with workshops after lunch.
@ events: Indie Film Week / Harbour Jazz Night / Data Summit / Winter Food Market / Ceramics Fair
@ events: Open Air Opera / Startup Breakfast
@ events: Trail Run 2026 / Print & Paper Days / City Choir Gala / Photo Walk / Maker Weekend
@ venues: Old Foundry / Riverside Hall / Glasshouse / Town Theatre / Pier 9 / The Courtyard / Museum Foyer
@ sessions: Opening keynote / Hands-on lab / Panel: what comes next / Lightning talks / Guided tour
@ sessions: Closing concert / Workshop A
@ tickets: Early bird / Regular / Student / VIP / Group of five / Day pass
+ venues Venue home
*name! list:venues
address! address
city! city
capacity! int:60-2400
phone phone
has_parking bool = Parking
+ organizers Organizer building
*name! company
email! email
phone phone
website url
+ events Event calendar
*title! list:events
venue_id! ref:venues
organizer_id ref:organizers
starts_at!^ time:future = Starts at / Start time
ends_at time:future = Ends at / End time
status! enum:draft|published|cancelled
capacity int:40-1200
is_public bool
description long:programme
+ ticket_types Ticket type ticket
*name! list:tickets
event_id! ref:events
price! money:0-180
quantity! int:20-600
sales_end date:future
+ attendees Attendee users
*full_name!^ person
email! email
event_id! ref:events
ticket_number! code:T-####-## = Ticket number / Ticket no.
is_checked_in bool
+ sessions Session clock
*title! list:sessions
event_id! ref:events
speaker_id ref:speakers
starts_at!^ time:future = Starts at / Start time
room venue_room
rating stars
+ speakers Speaker mic
*full_name! person
company company
email! email
fee money:0-3200
biography long:lives

= helpdesk | Help desk | Answerly / Deskwise / Relay Support / Pebble
@ cases: The page stays white after the export has reached 80 percent.
@ cases: The code never arrives, neither by mail nor by text message.
@ cases: Two charges on the same day for one order.
@ lines: I still cannot log in / Here is the screenshot / It works again, thank you!
@ lines: Any news on this? / We are looking into it / Please try once more now
@ guides: Open Settings, choose Security and press Reset. A code comes by mail.
@ guides: Use Export at the top right and pick CSV. Large files take a minute.
@ guides: Invoices are listed under Billing, newest first.
@ replies: Thanks for waiting. We have found the cause and a fix goes out tonight.
@ replies: Could you send us a screenshot of the error, please?
@ replies: Your refund is on its way and should arrive within five days.
@ tickets: Cannot reset my password / Invoice shows wrong VAT / App crashes on export / Delivery never arrived
@ tickets: Change of billing address
@ tickets: Feature request: dark mode / Two-factor code not sent / Refund for duplicate charge
@ tickets: Import stops at row 500 / Printer offline
@ articles: Reset your password / Export data as CSV / Set up two-factor login / Understand your invoice
@ articles: Invite a teammate
@ articles: Connect your calendar / Delete an account / Change your plan
@ teams: Billing / Technical / Onboarding / Enterprise / Returns / Night desk / Partners
@ macros: Ask for a screenshot / Thanks, closing / Escalate to billing / Refund approved / Known issue
@ macros: Out of office hours / Send reset link
+ customers Customer users
*full_name!^ person
email! email
company company
phone phone
is_vip bool = VIP
+ teams Team users
*name! list:teams
email email
timezone timezone
+ agents Agent user
*full_name! person
team_id! ref:teams
email! email
is_available bool
+ tickets Ticket ticket
*title! list:tickets
customer_id! ref:customers
agent_id ref:agents
status! enum:open|pending|solved|closed
priority! enum:low|normal|high|urgent
created_at!^ time:past
description long:cases
+ messages Message chat
ticket_id! ref:tickets
user_id! ref:users
body! words:lines
sent_at!^ time:past = Sent at / Sent
is_internal bool
+ users User user
*full_name! person
email! email
+ articles Article book
*title! list:articles
team_id ref:teams
views int:12-9200
rating stars
updated_at time:past
is_published bool
body long:guides
+ macros Macro list
*name! list:macros
team_id! ref:teams
body! long:replies
is_shared bool

= banking | Banking | Fjord Bank / Northbank / Coinbridge / Alder Credit
@ branches: Main Street / Harbour Square / Market Hall / Station Road / Uptown / Riverside / Old Mill / Airport
@ merchants: Blue Door Bakery / City Transit / Greenleaf Grocers / Orbit Telecom / Hotel Meridian
@ merchants: Pages Bookshop / Volt Energy
@ goals: Summer holiday / New bicycle / Emergency fund / Kitchen / Piano / Car deposit
+ customers Customer users
*full_name!^ person
customer_number! code:C-####### = Customer number / Customer no.
email email
phone phone
date_of_birth date:birth
branch_id ref:branches
is_verified bool
+ branches Branch home
*name! list:branches
address! address
phone phone
manager_id ref:users
+ users User user
*full_name! person
email! email
+ accounts Account card
*account_number! code:~##-####-####-## = Account number / Account no.
customer_id! ref:customers
type! enum:checking|savings|credit
balance! money:120-48000
opened_on date:past = Opened on / Opened
is_frozen bool
+ transactions Transaction arrows
*merchant! list:merchants
account_id! ref:accounts
amount! money:3-980
booked_at!^ time:past = Booked at / Booked
status! enum:pending|booked|reversed
+ loans Loan coin
*loan_number! code:LN-##### = Loan number / Loan no.
customer_id! ref:customers
amount! money:2000-240000
interest_rate! percent:2-11
start_date! date:past
term_months int:12-240 = Term (months)
+ savings_goals Savings goal target
*name! list:goals
account_id! ref:accounts
target_amount! money:300-12000
saved_amount money:40-6000
due_date^ date:future

= travel | Travel desk | Waypoint / Hopscotch Travel / Meridian / Atlas & Co
@ hotels: Hotel Meridian / Casa Azul / The Lindenhof / Grand Pier / Albergo Sole / Fjordview Lodge / Park Inn West
@ tours: Old town by night / Volcano hike / Vineyard afternoon / Kayak and coves / Market and cooking
@ tours: Lighthouse trail
@ airlines: Nordwind / Iberavia / Skyline / Aeroliga / Transalpina
+ travelers Traveler users
*full_name!^ person
passport_number code:X######## = Passport number / Passport no.
email! email
phone phone
nationality country
date_of_birth date:birth
+ hotels Hotel home
*name! list:hotels
city! city
country country
rating stars
price_per_night money:55-420
has_breakfast bool = Breakfast
+ bookings Booking calendar
*booking_code! code:???### = Booking code / Booking
traveler_id! ref:travelers
hotel_id! ref:hotels
flight_id ref:flights
check_in!^ date:future = Check-in
check_out! date:future = Check-out
guests int:1-5
status! enum:requested|confirmed|cancelled
total money:110-3800
+ flights Flight plane
*flight_number! code:??### = Flight number / Flight
airline list:airlines
origin! city
destination! city
departs_at! time:future
fare money:60-980
+ tours Tour map
*name! list:tours
guide_id ref:guides
city! city
tour_date! date:future
price! money:18-160
seats int:6-24
+ guides Guide user
*full_name! person
phone! phone
languages languages
rating stars
"""
