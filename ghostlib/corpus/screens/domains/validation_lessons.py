"""Domains that only validation sees: factories, harbours, law offices and driving schools. None may move to training."""

TEXT = """
= manufacturing | Manufacturing | Shopfloor / Forge MES / Taktline / Workcell
@ goods: Gear housing GH-40 / Pump shaft 25 / Valve body DN50 / Bracket L / Rotor cover / Flange plate / Bearing seat
@ goods: Drive pulley
@ goods: Motor mount / Sensor holder
@ raw: Steel S355 plate / Aluminium EN AW-6082 / Brass rod 20 mm / Cast blank C12 / Hex nut M10 / O-ring 34 x 3
@ raw: Powder grey
@ raw: Stainless tube 25
@ cells: Lathe 3 / Milling cell B / Laser 1 / Paint shop / Press 400 t / Assembly line 2 / Washing / Grinding
@ steps: Saw to length / Turn contour / Mill pockets / Deburr / Heat treat / Powder coat / Press bearing / Final test
@ faults: Burr on edge / Bore out of tolerance / Scratched surface / Wrong thread / Porosity / Missing marking / Bent shaft
@ stops: Tool broken / No material / Set-up / Cleaning / Waiting for inspection / Hydraulic leak / Sensor fault
@ buyers: Kessler GmbH / Nordic Pumps / Arco Drives / Hollis Motors / Delta Wind / Quarry Works
@ work: Fixture 12, torque 24 Nm, first piece to the gauge. / Change the insert after every 40 pieces.
@ work: Keep parts dry until coating.
+ manufactured_parts Manufactured part box
*description! list:goods
drawing_number! code:DWG-####-?
revision code:?
net_weight_kg decimal:0-38
standard_cost money:2-640
drawing file:pdf
+ raw_materials Raw material drop
*designation! list:raw
stock_quantity! int:0-4200
unit! enum:piece|kg|metre|litre
safety_stock int:10-400
purchase_price money:1-90
+ bom_lines BOM line list
manufactured_part_id! ref:manufactured_parts
raw_material_id! ref:raw_materials
quantity_per_part! decimal:0-24
scrap percent:0-12
+ work_centres Work centre wrench
*name! list:cells
hourly_cost! money:38-180
shifts_per_day int:1-3
availability slider:0-100
operator_id ref:operators
+ production_orders Production order file
*order_number! code:PR-######
manufactured_part_id! ref:manufactured_parts
planned_quantity! int:20-4000
good_quantity int:0-3900
start_date! date:past
due_date!^ date:future
buyer list:buyers
status! enum:planned|released|running|completed
+ routing_steps Routing step arrows
*operation! list:steps
manufactured_part_id! ref:manufactured_parts
work_centre_id! ref:work_centres
sequence! int:10-90
setup_minutes int:5-120
cycle_seconds int:8-900
instruction long:work
+ quality_checks Quality check check
production_order_id! ref:production_orders
inspector_id! ref:operators
checked_at!^ time:past
sample_size! int:1-50
defect list:faults
decision! enum:accept|rework|scrap
+ downtimes Downtime clock
work_centre_id! ref:work_centres
stop_reason! list:stops
stopped_at!^ time:past
minutes_lost! int:3-420
is_unplanned bool
+ operators Operator user
*full_name! person
badge_code! code:OP-###
skill_level stars
shift! enum:early|late|night

= marina | Marina | Portside / Anchor Desk / Marina Blu / Mooring & Co
@ boats: Windrose / Aurora / Sea Otter / Kingfisher / Blue Pearl / Halcyon / Stella Maris / Puffin / Moonraker / Tern
@ boats: Calypso
@ berths: A03 / A07 / B11 / B14 / C02 / C19 / D05 / D08 / E21 / V01
@ pontoons: North pontoon / South pontoon / Visitor quay / Inner basin / Dry dock / East mole
@ jobs: Antifouling / Engine service / Winter cover / Mast removal / Hull wash / Battery check / Rigging survey
@ jobs: Zinc anodes
@ services: Crane lift / Shore power / Fresh water / Pump-out / Diesel / Slipway / Winter storage / Sauna
@ winds: Light south-west / Calm / Gale from north / Fresh easterly / Variable
@ wishes: Arrives after sunset; please keep the outer berth free. / Needs a finger pontoon on the port side.
@ wishes: Stays for the regatta week.
+ skippers Skipper users
*full_name!^ person
boating_licence code:SBF-######
mobile! phone
email email
home_port city
nationality country
+ boats Boat drop
*name! list:boats
hull_number! code:~-???#####?###
skipper_id! ref:skippers
boat_type! enum:sailing|motor|catamaran|dinghy
length_m! decimal:5-18
draught_m decimal:0-3
insured_until date:future
has_toilet_tank bool
+ pontoons Pontoon map
*name! list:pontoons
depth_m decimal:1-6
berth_count int:8-60
harbour_master_id ref:harbour_masters
+ berths Berth tag
*berth_code! pickcode:berths
pontoon_id! ref:pontoons
maximum_length_m! int:6-24
daily_fee! money:12-95
berth_state! enum:free|taken|reserved|closed
has_shore_power bool
+ berth_bookings Berth booking calendar
*voucher! code:V-#####
boat_id! ref:boats
berth_id! ref:berths
arrival!^ date:future
nights! int:1-21
crew int:1-9
is_prepaid bool
wishes long:wishes
+ harbour_services Harbour service star
*name! list:services
unit_price! money:2-240
billing! enum:per_use|per_hour|per_night
is_seasonal bool
+ service_lines Service line list
berth_booking_id! ref:berth_bookings
harbour_service_id! ref:harbour_services
amount_used! decimal:1-40
line_total! money:3-420
+ yard_jobs Yard job wrench
*task! list:jobs
boat_id! ref:boats
shipwright_id ref:harbour_masters
promised_for^ date:future
estimate money:80-4200
progress slider:0-100
yard_state! enum:quoted|hauled_out|in_work|launched
+ harbour_masters Harbour master user
*full_name! person
radio_channel int:8-77
watch_begins clock:6-18
+ log_entries Log entry book
boat_id! ref:boats
harbour_master_id! ref:harbour_masters
logged_at!^ time:past
movement! enum:arrival|departure|shift
wind list:winds

= law_office | Law office | Lexdesk / Barrow & Finch / Kanzlei Am Markt / Brief & Co
@ matters: Lease dispute Mill Lane / Estate of H. Brandt / Trademark Nordlys / Unfair dismissal / Divorce settlement
@ matters: Building permit appeal / Supplier contract review / Neighbour noise / Company formation / Traffic fine objection
@ fields: Tenancy / Inheritance / Trademark / Employment / Family / Administrative / Contract / Corporate / Traffic
@ courts: District Court / Labour Court / Regional Court / Court of Appeal / Administrative Court / Family Court
@ papers: Statement of claim / Power of attorney / Reply brief / Settlement draft / Expert opinion / Court order
@ papers: Witness list
@ papers: Cost estimate / Notice of appeal
@ works: Draft reply brief / Call with client / Study the file / Court hearing / Research case law / Settlement talks
@ works: Dictation
@ duties: File appeal / Submit reply / Pay court fee / Return signed settlement / Name witnesses / Request file inspection
@ sums: Landlord refuses to return the deposit after moving out. / Employer ended the contract without notice.
@ sums: Both heirs want to sell, but not at the same price.
+ litigants Litigant users
*full_name!^ person
date_of_birth date:birth
phone phone
email! email
address address
legal_insurance company
+ lawyers Lawyer user
*full_name! person
bar_number! code:BAR-#####
practice_areas tags:fields
hourly_fee! money:140-420
is_partner bool
+ matters Matter folder
*title! list:matters
docket_number! code:26-###-??
litigant_id! ref:litigants
lead_lawyer_id! ref:lawyers
field_of_law! list:fields
opened_on!^ date:past
amount_in_dispute money:800-240000
stage! enum:intake|negotiation|litigation|settled
synopsis long:sums
+ opposing_parties Opposing party flag
*name! company
matter_id! ref:matters
represented_by person
email email
is_insured bool
+ court_dates Court date calendar
matter_id! ref:matters
court! list:courts
scheduled_for!^ time:future
courtroom venue_room
judge person
is_public bool
+ deadlines Deadline bell
*duty! list:duties
matter_id! ref:matters
responsible_id! ref:lawyers
expires_on!^ date:future
priority! enum:routine|urgent|final
is_met bool
+ legal_documents Legal document file
*heading! list:papers
matter_id! ref:matters
received_on date:past
pages int:1-180
scan file:pdf
confidentiality! enum:open|internal|sealed
+ billable_hours Billable hour clock
matter_id! ref:matters
lawyer_id! ref:lawyers
worked_on!^ date:past
hours! decimal:0-8
task list:works
is_invoiced bool
+ fee_notes Fee note receipt
*note_number! code:FN-####
matter_id! ref:matters
net_amount! money:180-9800
vat percent:7-25 = VAT
sent_on date:past
payable_until date:future
payment_state! enum:open|partly_paid|paid

= driving_school | Driving school | Lane One / Fahrwerk / Clutch & Go / Greenlight
@ lessons: Town driving / Motorway / Night drive / Parallel parking / Roundabouts / Emergency stop / Exam rehearsal
@ lessons: Country road
@ theory: Right of way / Speed and distance / Alcohol and fatigue / Signs and markings / Loads and trailers / Eco driving
@ theory: First aid basics / Accidents
@ cars: Golf 8 / Corsa Electric / MT-07 / Octavia Combi / Yaris / CB 500 / A 180 / Zoe
@ places: Town hall square / Test centre North / Railway station / School yard / Harbour gate / Sports park
@ faults: Missed mirror check / Too fast in 30 zone / Stalled twice / Ignored right of way / Poor parking / No indicator
@ packs: Starter 5 / Standard 15 / Intensive week / Motorbike add-on / Refresher 3 / Night and motorway
@ notes: Confident on main roads; practise mirrors. / Next time: roundabouts and reversing.
@ notes: Ready for the exam, one rehearsal left.
+ learners Learner users
*full_name!^ person
date_of_birth! date:learner
mobile! phone
email email
postal_code postcode
licence_class! enum:car|motorbike|trailer|lorry
has_glasses bool
theory_progress slider:0-100
+ instructors Instructor user
*full_name! person
licence_number! code:FL-######
languages languages
teaching_since date:past
rating stars
+ school_cars School car truck
*plate! code:??-?-####
model! list:cars
gearbox! enum:manual|automatic
next_service date:future
odometer_km int:800-180000
is_dual_control bool
+ driving_lessons Driving lesson map
*exercise! list:lessons
learner_id! ref:learners
instructor_id! ref:instructors
school_car_id ref:school_cars
begins_at!^ time:future
minutes! int:45-135
pickup_place list:places
lesson_state! enum:booked|driven|missed
debrief long:notes
+ theory_evenings Theory evening book
*topic! list:theory
instructor_id! ref:instructors
evening!^ date:future
doors clock:17-19
seats int:8-30
is_online bool
+ theory_attendances Attendance check
theory_evening_id! ref:theory_evenings
learner_id! ref:learners
signed_in_at time:past
is_excused bool
+ driving_tests Driving test target
learner_id! ref:learners
examiner! person
test_day!^ date:future
attempt! int:1-4
outcome! enum:pending|passed|failed
main_fault list:faults
test_fee money:80-260
+ lesson_packages Lesson package ticket
*name! list:packs
price! money:180-1900
lessons_included int:3-30
valid_weeks int:8-52
is_instalment_possible bool
+ package_sales Package sale cart
lesson_package_id! ref:lesson_packages
learner_id! ref:learners
bought_on!^ date:past
paid_so_far money:50-1900
method! enum:card|bank_transfer|cash
"""
