"""Domains that training sees: hotels, insurance, expenses and things to rent."""

TEXT = """
= hotel | Hotel | Seaview Desk / Innkeeper / The Lindenhof / Harbour House
@ types: Single / Double / Twin / Family / Junior suite / Suite / Garden studio / Accessible double
@ rooms: 101 / 102 / 104 / 107 / 201 / 203 / 206 / 208 / 301 / 302 / 305 / 309 / 401 / 404
@ extras: Breakfast buffet / Late check-out / Airport transfer / Parking space / Cot for a baby / Spa entry
@ extras: Bicycle for a day
@ extras: Dinner, three courses / Extra bed / Minibar
@ chores: Change bed linen / Deep clean / Refill minibar / Check smoke alarm / Replace towels / Vacuum carpet
@ chores: Clean windows
@ chores: Turn mattress
@ wishes: Quiet room at the back, please. / Arrives after ten in the evening; keep the key at the bar.
@ wishes: Travels with a small dog. / Allergic to feathers, synthetic pillows needed. / Celebrates an anniversary.
@ amenities: Balcony / Bathtub / Sea view / Desk / Sofa / Kettle / Air conditioning / Safe
+ guests Guest users
*full_name!^ person
email! email
phone phone
country country
passport_number code:P######## = Passport number / Passport no.
is_returning bool = Returning guest
+ room_types Room type tag
*name! list:types
beds! int:1-4
max_guests! int:1-6
price_per_night! money:64-420 = Price per night / Nightly rate
amenities tags:amenities
+ rooms Room home
*room_number! pickcode:rooms = Room number / Room no.
room_type_id! ref:room_types
floor int:1-6
status! enum:free|occupied|cleaning|blocked
is_accessible bool
photo file:jpg
+ stays Stay calendar
*confirmation_code! code:HX-##### = Confirmation code / Confirmation no.
guest_id! ref:guests
room_id! ref:rooms
check_in!^ date:future = Check-in
check_out! date:future = Check-out
adults! int:1-4
children int:0-3
channel enum:direct|website|agency|phone
total money:90-2600 = Total / Total price
wishes long:wishes
+ charges Charge receipt
stay_id! ref:stays
extra list:extras
quantity! int:1-6
amount! money:4-160
charged_at!^ time:past = Charged at / Charged
+ housekeeping_tasks Housekeeping task check
*title! list:chores
room_id! ref:rooms
assignee_id ref:users
inspector_id ref:users
due_at! time:future = Due at / Due
is_done bool = Done
+ users User user
*full_name! person
email! email
role enum:reception|housekeeping|manager
+ guest_reviews Guest review star
stay_id! ref:stays
rating! stars
cleanliness stars
comment words
posted_at time:past = Posted at / Posted

= insurance | Insurance | Havenmark / Umbrella & Co / Northshield / Alder Mutual
@ terms: Covers theft, fire and water up to the insured sum.
@ terms: Worldwide for trips of up to 45 days.
@ terms: Glass and locks included; bicycles as an option.
@ products: Home contents / Car comprehensive / Travel annual / Private liability / Legal costs / Bicycle plus / Pet surgery
@ products: Term life / Dental extra / Glass breakage
@ events: Water damage in the kitchen / Rear-end collision / Stolen bicycle / Lost suitcase / Broken shop window
@ events: Hail on the roof
@ events: Burst pipe / Storm damage to fence / Cracked windscreen / Burglary / Fire in the garage
@ papers: Police report / Photos of the damage / Repair estimate / Signed claim form / Purchase receipt / Medical report
@ papers: Witness statement / Letter of attorney
@ accounts: The pipe under the sink burst during the night; the floor is swollen in two rooms.
@ accounts: The other driver braked late on a wet road. Nobody was hurt.
@ accounts: The bicycle stood locked in the yard; the lock was cut.
@ accounts: The suitcase did not arrive with the flight and was reported at the counter.
+ policyholders Policyholder users
*full_name!^ person
date_of_birth! date:birth
email! email
phone phone
address address
postal_code postcode
city city
+ products Product box
*name! list:products
base_premium! money:40-900 = Base premium / Premium from
deductible money:0-1000
is_on_sale bool
description long:terms
+ policies Policy file
*policy_number! code:POL-####### = Policy number / Policy no.
policyholder_id! ref:policyholders
product_id! ref:products
agent_id ref:users
status! enum:quoted|active|lapsed|cancelled
start_date! date:past
end_date date:future
annual_premium! money:60-2400 = Annual premium / Premium (year)
payment_interval enum:monthly|quarterly|yearly
+ insurance_claims Claim flag
*claim_number! code:CL-2026-#### = Claim number / Claim no.
policy_id! ref:policies
damage! list:events
occurred_on!^ date:past
reported_at time:past
status! enum:reported|assessing|approved|paid|rejected
claimed_amount money:120-18000 = Claimed amount / Claimed
statement long:accounts
adjuster_id ref:users
+ payouts Payout coin
insurance_claim_id! ref:insurance_claims
amount! money:80-16000
paid_on!^ date:past
reference code:PX-######
+ claim_documents Document folder
*title! list:papers
insurance_claim_id! ref:insurance_claims
attachment! file:pdf
uploaded_at time:past
is_verified bool
+ users User user
*full_name! person
email! email
phone phone

= expenses | Expenses | Receiptly / Spendwise / Paperless Desk / Outlay
@ merchants: Deutsche Bahn / City Taxi 1717 / Hotel Meridian / Bistro Nord / Parkhaus Mitte / Aerolink / Office Depot
@ merchants: Copy Corner
@ merchants: Trattoria Da Gino / Ferry Line East / Shell Station / Cafe Lumen
@ categories: Travel / Meals / Lodging / Fuel / Office supplies / Parking / Training / Telephone / Client gifts
@ trips: Customer visit in Leeds / Trade fair Hanover / Team days / Warehouse audit / Conference Lisbon / Site survey north
@ trips: Partner workshop / Job interviews Madrid / Roll-out week two / Supplier visit Turin
@ centres: Sales North / Sales South / Product / Finance / People / Service / Board office / Logistics
@ rules: Receipts above 25 need a photo. / Taxi only where no train runs at that hour.
@ rules: Alcohol is not reimbursed. / Book flights at least ten days ahead.
+ employees Employee users
*full_name!^ person
email! email
cost_centre_id ref:cost_centres
approver_id ref:users
iban code:~##-####-####-####-####-## = IBAN
+ cost_centres Cost centre building
*name! list:centres
code! code:####
monthly_limit money:2000-90000 = Monthly limit / Budget per month
is_active bool
+ expense_categories Category tag
*name! list:categories
ledger_account! code:6###
daily_limit money:20-400 = Daily limit / Limit per day
is_receipt_required bool
guideline long:rules
+ expense_reports Report file
*title! list:trips
employee_id! ref:employees
status! enum:draft|submitted|approved|reimbursed|rejected
trip_start date:past
submitted_on^ date:past = Submitted on / Submitted
total! money:40-3200
comment words
+ expense_items Expense item list
expense_report_id! ref:expense_reports
expense_category_id! ref:expense_categories
merchant! list:merchants
spent_on! date:past = Spent on / Spent
amount! money:4-640
tax_rate percent:0-25
receipt file:jpg
+ mileage_claims Mileage claim map
employee_id! ref:employees
origin! city
destination! city
driven_on!^ date:past = Driven on / Driven
distance_km! int:60-420
is_round_trip bool = Round trip / Return trip
+ company_cards Company card card
*card_number! code:5412-####
employee_id! ref:employees
monthly_limit! money:500-8000
expires_on date:future = Expires on / Valid until
is_blocked bool
+ users User user
*full_name! person
email! email

= rental | Rental | Toolyard / Liftshare / Rent & Rig / Borrowell
@ items: Mini excavator 1.8 t / Plate compactor / Scaffold tower 6 m / Floor sander / Concrete mixer / Pressure washer
@ items: Tile cutter
@ items: Party tent 4 x 8 / Chain saw 45 cm / Cargo trailer / Rotary hammer / Wallpaper steamer / Log splitter
@ items: Generator 5 kW
@ groups: Earth moving / Access / Floors / Garden / Events / Power / Trailers / Drilling
@ depots: North yard / Ring road / Old brickworks / Station depot / Quayside / Hill farm
@ damage: Scratched housing / Missing drill chuck / Broken cable / Flat tyre / Bent fork / Dirty tank / Worn blade
@ extras: Diamond disc / Dust bags, pack of 5 / Extension lead 25 m / Safety harness / Fuel can / Sanding paper set
@ extras: Ratchet strap
+ renters Renter users
*full_name!^ person
company company
phone! phone
email email
id_number code:???###### = ID number / ID no.
is_trade_customer bool
+ depots Depot home
*name! list:depots
address! address
city! city
opens_at clock:6-9 = Opens at / Opens
closes_at clock:16-20 = Closes at / Closes
phone phone
+ equipment_groups Equipment group folder
*name! list:groups
deposit_rate percent:5-40 = Deposit rate / Deposit %
sort_order int:1-20
+ machines Machine wrench
*name! list:items
equipment_group_id! ref:equipment_groups
depot_id! ref:depots
serial_number! code:RX-######
daily_rate! money:12-340 = Daily rate / Rate per day
weekly_rate money:60-1600 = Weekly rate / Rate per week
condition slider:0-100
status! enum:available|reserved|out|repair
+ rentals Rental calendar
*agreement_number! code:RA-##### = Agreement number / Agreement no.
renter_id! ref:renters
pickup_depot_id! ref:depots = Pickup depot / Pick-up depot
return_depot_id ref:depots
start_date!^ date:future
end_date! date:soon
deposit money:50-900
status! enum:draft|confirmed|running|returned
+ rental_items Rented machine list
rental_id! ref:rentals
machine_id! ref:machines
days! int:1-21
unit_price! money:12-340
accessory list:extras
+ inspections Inspection check
machine_id! ref:machines
inspector_id! ref:users
inspected_at!^ time:past = Inspected at / Inspected
result! enum:passed|minor_issues|failed
finding list:damage
operating_hours int:20-4800 = Operating hours / Hours on meter
+ users User user
*full_name! person
email! email
"""
