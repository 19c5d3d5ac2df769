"""Domains that only validation sees; none of them may move to the training side."""

TEXT = """
= property | Property | Keystone Lettings / Homestead / Gatehouse / Rowan Estates
@ buildings: Maple Court / 14 Quay Street / Linden House / Kings Terrace / The Granary / Park View / Elm Row
@ units: 1A / 2B / 3C / 4A / G2 / 5D / 12 / 7F
@ issues: Leaking kitchen tap / No hot water / Broken entry buzzer / Mould in bathroom / Replace smoke alarm
@ issues: Window will not close / Lift out of order
+ landlords Landlord users
*full_name! person
email! email
phone phone
bank_account code:~##-####-####
+ buildings Building building
*name! list:buildings
address! address
city! city
postal_code postcode
landlord_id! ref:landlords
built_year int:1890-2022 = Built year / Year built
has_elevator bool = Elevator
+ units Unit home
*unit_number! pickcode:units = Unit number / Unit no.
building_id! ref:buildings
bedrooms! int:1-5
area_sqm int:28-160 = Area (sqm)
monthly_rent! money:480-3200
is_furnished bool
+ tenants Tenant user
*full_name!^ person
email! email
phone phone
date_of_birth date:birth
employer company
+ leases Lease file
*lease_number! code:L-2026-### = Lease number / Lease no.
tenant_id! ref:tenants
unit_id! ref:units
start_date! date:past
end_date date:future
deposit money:480-5200
status! enum:draft|signed|ended
+ repair_requests Repair request wrench
*title! list:issues
unit_id! ref:units
tenant_id ref:tenants
urgency! enum:low|medium|high
reported_at!^ time:past = Reported at / Reported
cost money:40-1400
is_resolved bool

= gym | Gym | Ironleaf / Pulse Room / Summit Fitness / Kettle & Co
@ offers: All classes and the pool, cancel any month.
@ offers: Ten visits within half a year.
@ offers: Mornings until two, weekdays only.
@ classes: Morning yoga / HIIT 45 / Spin express / Pilates core / Boxing basics / Mobility flow / Barbell club
@ classes: Aqua fit
@ plans: Basic monthly / Flex 10 / Student / Annual premium / Off-peak / Family
@ studios: Studio A / Studio B / Main floor / Pool / Rooftop
@ machines: Rower C2 / Leg press LP-400 / Treadmill T7 / Cable tower / Smith rack / Air bike
+ members Member users
*full_name!^ person
member_number! code:M-##### = Member number / Member no.
email! email
phone phone
date_of_birth date:birth
plan_id! ref:plans
joined_on date:past = Joined on / Joined
is_active bool
+ plans Plan tag
*name! list:plans
monthly_fee! money:15-120
sessions_per_week int:1-7
is_active bool
description long:offers
+ trainers Trainer user
*full_name! person
email email
phone phone
hourly_rate money:25-90
rating stars
+ classes Class calendar
*name! list:classes
trainer_id! ref:trainers
studio list:studios
starts_at!^ time:future = Starts at / Start time
capacity! int:8-30
level! enum:beginner|intermediate|advanced
+ bookings Booking check
class_id! ref:classes
member_id! ref:members
booked_at!^ time:past = Booked at / Booked
status! enum:booked|attended|missed
+ equipment Machine wrench
*name! list:machines
serial_number code:GX-#####
purchase_date date:past = Purchase date / Purchased
price money:400-6200
is_in_service bool

= restaurant | Restaurant | Salt & Ember / Tavola / Little Heron / Fig and Barley
@ dishes_text: With herbs from the roof and warm bread.
@ dishes_text: Slowly roasted, served with seasonal greens.
@ dishes_text: Contains nuts. Can be made without butter.
@ dishes: Roasted beetroot salad / Sea bass with fennel / Mushroom risotto / Lamb shoulder / Lemon tart
@ dishes: Tomato soup / Duck confit
@ dishes: Pumpkin ravioli / Chocolate fondant / Grilled octopus / Garden plate / Cheese board
@ menus: Lunch / Dinner / Sunday brunch / Wine list / Kids / Tasting menu
@ tables: T1 / T2 / T3 / T4 / T5 / T6 / T7 / Bar 1 / Bar 2 / Terrace 1
@ ingredients: Arborio rice / Sea salt / Fennel / Butter / Lemons / Basil / Olive oil / Lamb
@ requests: Window seat, please / Birthday cake at nine / One high chair / Vegan menu / Nut allergy
+ guests Guest users
*full_name!^ person
phone! phone
email email
is_regular bool
allergies list:ingredients
+ menus Menu book
*name! list:menus
start_date date:past
end_date date:future
is_active bool
+ dishes Dish utensils
*name! list:dishes
menu_id! ref:menus
price! money:5-48
calories int:120-980
is_vegetarian bool
rating stars
description long:dishes_text
+ dining_tables Dining table home
*name! list:tables
seats! int:2-10
is_outdoor bool
+ reservations Reservation calendar
guest_id! ref:guests
dining_table_id ref:dining_tables
reserved_at!^ time:future = Reserved at / Reserved for
party_size! int:1-10
status! enum:requested|confirmed|seated|cancelled
special_request list:requests
+ suppliers Supplier truck
*name! company
contact_name person
email! email
phone phone
+ ingredients Ingredient box
*name! list:ingredients
supplier_id! ref:suppliers
stock_kg decimal:0-60 = Stock (kg)
unit_cost money:1-40
expiry_date date:future = Expiry date / Expires

= recruiting | Recruiting | Talentleaf / Hirewell / Shortlist / Bridgeway
@ impressions: Clear answers, good questions about the team.
@ impressions: Strong on method; little experience with large systems.
@ impressions: Would like to start in August. Recommend a second round.
@ positions: Backend engineer / Product designer / Account manager / Data analyst / Office coordinator
@ positions: Nurse, night shift / Store manager
@ positions: QA engineer / Payroll specialist / UX researcher
@ sources: Referral / LinkedIn / Career site / Agency / Job fair
+ candidates Candidate users
*full_name!^ person
email! email
phone phone
city city
linkedin_url url = LinkedIn URL
years_experience int:0-22
is_open_to_relocate bool
+ departments Department building
*name! list:departments
head_count int:4-140
budget money:20000-600000
@ departments: Engineering / Design / Finance / Retail / Care / Operations
+ positions Position target
*title! list:positions
department_id! ref:departments
recruiter_id ref:users
manager_id ref:users
location city
salary_min money:28000-60000
salary_max money:60000-110000
employment_type! enum:full_time|part_time|internship
is_open bool
+ users User user
*full_name! person
email! email
+ applications Application file
candidate_id! ref:candidates
position_id! ref:positions
stage! enum:applied|screening|interview|offer|hired
source list:sources
applied_at!^ time:past = Applied at / Applied
rating stars
+ interviews Interview calendar
candidate_id! ref:candidates
interviewer_id! ref:users
scheduled_at!^ time:future = Scheduled at / Scheduled for
duration_minutes int:20-90 = Duration (minutes)
is_remote bool
feedback long:impressions
+ offers Offer receipt
*offer_number! code:OF-### = Offer number / Offer no.
candidate_id! ref:candidates
salary! money:32000-98000
start_date! date:future
status! enum:draft|sent|accepted|declined

= veterinary | Veterinary | Pawprint / Willowvet / Fourlegs Clinic / Harbor Vets
@ remarks: Slight swelling for a day, no fever.
@ remarks: Next dose in twelve months.
@ remarks: Very calm during the visit.
@ pets: Bella / Milo / Luna / Oscar / Nala / Rocky / Simba / Cleo / Balu / Coco / Maja / Pablo
@ colors: Black / Tabby / Brown and white / Grey / Sandy / White / Tricolor / Chestnut
@ specialties: Surgery / Dermatology / Dentistry / Small animals / Cardiology / Internal medicine
@ diagnoses: Ear infection / Healthy / Dental tartar / Sprained paw / Skin allergy
@ diagnoses: Mild fever / Overweight / Eye irritation
@ vets: Dr. @person
@ vaccines: Rabies / Distemper / Parvovirus / Feline leukaemia / Kennel cough / Myxomatosis
@ treatments: Dental cleaning / Wound dressing / X-ray hip / Castration / Ear flush / Blood panel / Nail trim
+ pet_owners Pet owner users
*full_name! person
phone! phone
email email
address address
+ pets Pet heart
*name! list:pets
pet_owner_id! ref:pet_owners
species! enum:dog|cat|rabbit
color list:colors
date_of_birth date:pet
weight_kg decimal:2-7
is_neutered bool
+ vets Vet user
*full_name! list:vets
email email
phone phone
specialty list:specialties
+ visits Visit calendar
pet_id! ref:pets
vet_id! ref:vets
visited_at!^ time:past = Visited at / Visit time
diagnosis list:diagnoses
fee money:25-480
follow_up_date date:future
+ vaccinations Vaccination check
*vaccine! list:vaccines
pet_id! ref:pets
given_on! date:past = Given on / Given
next_due date:future
notes long:remarks
+ treatments Treatment list
*name! list:treatments
category! enum:surgery|dental|preventive|diagnostic
price! money:20-620
duration_minutes int:10-120 = Duration (minutes)
is_surgical bool
"""
