"""Domains that training sees: care, learning, people and customers."""

TEXT = """
= clinic | Clinic | Lindgren Health / CareDesk / Willow Clinic / MediNote
@ findings: Allergic to penicillin. Blood pressure well controlled.
@ findings: Wears a pacemaker since 2021.
@ findings: Asked for a copy of the last results.
@ doctors: Dr. @person
@ departments: Cardiology / Paediatrics / Dermatology / Orthopaedics / Neurology / General medicine / Radiology
@ drugs: Amoxicillin 500 mg / Ibuprofen 400 mg / Metformin 850 mg / Lisinopril 10 mg / Salbutamol inhaler
@ drugs: Omeprazole 20 mg
@ reasons: Annual check-up / Follow-up visit / Knee pain / Vaccination / Skin rash / Blood test results
@ reasons: Persistent cough / Migraine
@ blood: A+ / A- / B+ / O+ / O- / AB+
@ rooms: Room 1 / Room 2 / Room 3 / Room 4 / Room 5 / Lab A / Lab B
+ patients Patient users
*full_name!^ person
date_of_birth! date:birth
phone! phone
email email
address address
blood_type list:blood
insurance_number code:########-# = Insurance number / Insurance no.
is_smoker bool
notes long:findings = Notes / Medical notes
+ departments Department home
*name! list:departments
phone phone
floor int:0-6
+ doctors Doctor user
*full_name! list:doctors
department_id! ref:departments
email! email
phone phone
room list:rooms
is_accepting_patients bool
+ appointments Appointment calendar
patient_id! ref:patients
doctor_id! ref:doctors
starts_at!^ time:future
status! enum:booked|checked_in|completed|no_show
reason list:reasons = Reason / Reason for visit
room list:rooms
+ prescriptions Prescription file
*medication! list:drugs = Medication / Medicine
patient_id! ref:patients
doctor_id! ref:doctors
dosage! dose
start_date! date:past
end_date date:future
+ invoices Invoice receipt
*invoice_number! code:C-#####
patient_id! ref:patients
amount! money:40-860
due_date^ date:future
is_paid bool

= school | School | Birchwood School / Campus One / Northgate Academy / Lernhaus
@ outlines: An overview from 1750 to today, with two museum visits.
@ outlines: Functions, equations and proofs; a calculator is allowed.
@ outlines: Drawing and print; material is provided.
@ tasks: Write two pages and name at least three sources.
@ tasks: Solve all problems; show your steps.
@ tasks: Work in pairs and hand in one sheet.
@ courses: Algebra II / World history / Biology / Spanish A2 / Creative writing / Physics / Studio art
@ courses: Statistics / Chemistry / Geography
@ rooms: B12 / C204 / A101 / Lab 3 / Gym / Hall 2 / D15 / Studio 1
@ homework: Essay: the long nineteenth century / Problem set 4 / Lab report: osmosis / Vocabulary unit 7
@ homework: Map of trade routes / Sketchbook pages
@ homework: Reading log, chapters 3-5 / Field trip worksheet / Quadratic functions quiz / Oral presentation
+ students Student users
*full_name!^ person
student_number! code:S##### = Student number / Student no.
email email
date_of_birth date:pupil
grade_level! int:5-12
guardian_phone phone
enrolled_on date:past = Enrolled on / Enrolled
+ teachers Teacher user
*full_name! person
email! email
subject list:courses
phone phone
hire_date date:past = Hire date / Hired
+ courses Course book
*name! list:courses
teacher_id! ref:teachers
room list:rooms
credits! int:1-6
capacity int:12-32
start_date date:future
is_elective bool
description long:outlines
+ enrolments Enrolment list
student_id! ref:students
course_id! ref:courses
status! enum:active|completed|withdrawn
grade percent:48-100
enrolled_on! date:past = Enrolled on / Enrolled
+ assignments Assignment file
*title! list:homework
course_id! ref:courses
due_date!^ date:future
max_points! int:10-100
is_published bool
instructions long:tasks
+ absences Absence calendar
student_id! ref:students
course_id ref:courses
absence_date! date:past
reason! enum:illness|family|other
is_excused bool

= crm | CRM | Pipewell / Closerly / Lighthouse CRM / Dealroom
@ impressions: Decides together with the head of purchasing.
@ impressions: Prefers calls in the morning; budget is fixed in May.
@ impressions: Met at the fair, interested in the larger package.
@ deals: Website relaunch / Annual licence renewal / Pilot in two branches / Fleet tracking roll-out
@ deals: Data warehouse phase 2 / Support contract
@ deals: Security audit / POS hardware bundle / Onboarding package / ERP integration / Store refit / Video campaign
@ industries: Retail / Manufacturing / Healthcare / Logistics / Education / Software / Hospitality / Construction
@ calls: Intro call / Send revised quote / Demo with IT / Contract review / Check-in after go-live
@ calls: Lunch with procurement
@ campaigns: Spring webinar / Partner newsletter / Trade fair Hanover / Customer stories / Referral push
@ campaigns: Autumn road show
+ companies Company building
*name! company
industry list:industries
website url
phone phone
city city
employees int:8-4200
owner_id ref:users
+ users User user
*full_name! person
email! email
+ contacts Contact users
*full_name!^ person
company_id! ref:companies
job_title job
email! email
phone phone
is_subscribed bool
notes long:impressions
+ deals Deal target
*title! list:deals
company_id! ref:companies
owner_id! ref:users
stage! enum:lead|qualified|proposal|won|lost
value! money:1200-86000 = Value / Deal value
probability percent:10-90
close_date date:future = Close date / Expected close
+ activities Activity check
*subject! list:calls
contact_id! ref:contacts
type! enum:call|email|meeting
due_date!^ date:future
is_done bool = Done
+ campaigns Campaign megaphone
*name! list:campaigns
owner_id ref:users
budget! money:800-24000
start_date! date:past
end_date date:future
is_active bool

= hr | HR | Peoplebase / Rosterly / Kindred HR / Teamleaf
@ leaves: Family visit, reachable by phone.
@ leaves: School holidays; Jonas covers the desk.
@ leaves: Appointment in the morning, back at noon.
@ appraisals: Met all goals and took over the onboarding of two colleagues.
@ appraisals: Strong with customers; should plan deadlines more carefully.
@ appraisals: A good year with a difficult start. Next step is leading a small team.
@ departments: Engineering / Finance / Marketing / Operations / Customer care / Legal / Sales / Design
@ trainings: First aid refresher / GDPR basics / Leading a team / Forklift licence / Excel advanced
@ trainings: Fire safety / Negotiation skills
@ assets: ThinkPad T14 / MacBook Air 13 / iPhone 15 / Dell U2723QE / Jabra Evolve 65 / Office chair / Access card
+ departments Department building
*name! list:departments
cost_center! code:CC-#### = Cost center / Cost centre
budget money:40000-900000
location city
+ employees Employee users
*full_name!^ person
job_title! job
department_id! ref:departments
email! email
phone phone
hire_date! date:past = Hire date / Hired
salary money:32000-98000 = Salary / Annual salary
contract_type enum:full_time|part_time|contractor
is_remote bool = Remote
+ leave_requests Leave request calendar
employee_id! ref:employees
type! enum:vacation|sick|parental
start_date! date:future
end_date! date:soon
days int:1-20
status! enum:pending|approved|rejected
comment long:leaves
+ trainings Training book
*title! list:trainings
trainer person
training_date! date:future
seats int:6-30
cost money:80-1800
is_mandatory bool
+ reviews Review star
employee_id! ref:employees
reviewer_id! ref:users
rating! stars
review_date! date:past = Review date / Reviewed
summary long:appraisals
+ users User user
*full_name! person
email! email
+ assets Asset box
*name! list:assets
serial_number! code:SN-######
employee_id ref:employees
purchase_date date:past = Purchase date / Purchased
value money:60-2600

= library | Library | Carrel / Stacks / Open Shelf / Quill Library
@ notes: For children from five years, with a parent.
@ notes: Bring your own board if you like.
@ notes: No registration needed; doors open half an hour before.
@ lives: Grew up in a harbour town and worked as a nurse before writing.
@ lives: Historian and translator; four novels so far.
@ lives: Lives in the north and writes only in winter.
@ plots: A family returns to its island and finds the house lived in.
@ plots: How tin, salt and silk made the old roads.
@ plots: Twelve poems for twelve months, with woodcuts.
@ books: The Salt Road / Winter in Lisbon / A Field of Stars / Notes on Rain / The Glass Orchard
@ books: Quiet Machines / Small Islands
@ books: The Cartographer's Son / Eleven Lanterns / Rivers of Ink / The Last Ferry / Common Birds
@ books: A House of Paper / North of Here
@ genres: Fiction / History / Science / Biography / Poetry / Children / Travel / Crime
@ branches: Central / Harbour / Westend / University / Old Town / Parkside
@ events: Story hour / Poetry night / Chess club / Homework help / Local history talk / Book repair workshop
+ authors Author user
*full_name! person
country country
born date:birth
website url
biography long:lives
+ books Book book
*title! list:books
author_id! ref:authors
isbn! code:978-#-##-######-#
genre list:genres
published_year int:1952-2025 = Published year / Published
pages int:90-780
copies int:1-14
rating stars
summary long:plots
+ branches Branch home
*name! list:branches
address! address
phone phone
email email
opened_on date:past = Opened on / Opened
+ members Member users
*full_name!^ person
card_number! code:LB-###### = Card number / Card no.
email email
phone phone
branch_id ref:branches
member_since date:past
status! enum:active|suspended|expired
+ loans Loan arrows
book_id! ref:books
member_id! ref:members
loan_date!^ date:past
due_date!^ date:future
returned_at time:past = Returned at / Returned
is_renewed bool
+ fines Fine coin
member_id! ref:members
book_id ref:books
amount! money:0-18
issued_at! time:past = Issued at / Issued
is_paid bool
+ events Event calendar
*title! list:events
branch_id! ref:branches
starts_at!^ time:future = Starts at / Start time
capacity int:8-60
is_free bool
description long:notes
"""
