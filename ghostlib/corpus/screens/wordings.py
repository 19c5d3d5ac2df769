"""How people word the label of a column: one glossary for all domains, and the rules for what it does not name.

A wording that shares no word with its column means that column everywhere (docs/reading_a_screen.md, rule 12).
"""

UNITS = {
    "kg": "kg",
    "km": "km",
    "m": "m",
    "cm": "cm",
    "px": "px",
    "ha": "ha",
    "sqm": "sqm",
    "ml": "ml",
    "gb": "GB",
    "kb": "KB",
    "kw": "kW",
    "kva": "kVA",
    "kwh": "kWh",
    "mbps": "Mbps",
    "bpm": "bpm",
    "litres": "litres",
    "tonnes": "tonnes",
    "cents": "cents",
    "seconds": "seconds",
    "minutes": "minutes",
    "hours": "hours",
    "days": "days",
    "weeks": "weeks",
    "months": "months",
}
CAPITALS = {
    word: word.upper() for word in ("url", "iban", "vat", "vin", "id", "sku", "isbn", "isrc", "orcid", "msisdn", "imei")
}
CAPITALS |= {word: word.upper() for word in ("cas", "sim", "bom", "vip")}

_WORDED = """
    full_name: Full name / Name
    name: Name
    title: Title
    email: Email / E-mail / Email address / E-mail address
    phone: Phone / Phone number / Telephone / Tel.
    mobile: Mobile / Mobile phone / Mobile no. / Cell phone
    address: Address / Street address / Street
    postal_code: Postal code / Postcode / ZIP code / ZIP
    city: City / Town
    country: Country / Country of residence
    nationality: Nationality / Citizenship
    location: Location / Place
    website: Website / Web site / Homepage
    company: Company / Organisation / Firm
    contact_name: Contact name / Contact person / Contact
    job_title: Job title / Position held / Job
    date_of_birth: Date of birth / Birth date / Born / DOB / Birthday
    born_on: Born on / Day of birth
    hire_date: Hire date / Hired / Employed since
    hired_on: Hired on / Hired
    member_since: Member since / With us since
    joined_on: Joined on / Joined
    created_at: Created / Created at / Created on / Date created
    updated_at: Updated / Last updated / Updated at / Last change
    published_at: Published at / Published / Publication date
    posted_at: Posted at / Posted
    reported_at: Reported at / Reported
    requested_at: Requested at / Requested
    recorded_at: Recorded at / Recorded
    uploaded_at: Uploaded at / Uploaded
    start_date: Start date / Starts / From / Begin
    end_date: End date / Ends / Until / To date
    starts_at: Starts at / Start time / Begins
    ends_at: Ends at / End time
    starts_on: Starts on / First day
    ends_on: Ends on / Last day
    due_date: Due date / Due / Due by / Deadline
    delivery_date: Delivery date / Delivery / Deliver by
    expected_date: Expected date / Expected / ETA
    expiry_date: Expiry date / Expires / Expiry
    expires_on: Expires on / Expires / Valid until
    expected_harvest: Expected harvest / Harvest from
    issue_date: Issue date / Issued / Date of issue
    payment_date: Payment date / Paid on / Date paid
    purchase_date: Purchase date / Purchased / Date of purchase
    release_date: Release date / Released on
    review_date: Review date / Reviewed
    close_date: Close date / Expected close / Closing date
    training_date: Training date / Day of training
    next_service: Next service / Service due
    next_inspection: Next inspection / Inspection due
    check_in: Check-in / Check-in date / Arrival date
    check_out: Check-out / Check-out date / Departure date
    departs_at: Departs at / Departs
    departed_at: Departed at / Departed
    quantity: Quantity / Qty / Qty.
    unit: Unit / Unit of measure / UoM
    units: Units / Units sold
    stock: Stock / In stock / Stock level
    stock_quantity: Stock quantity / Quantity in stock
    safety_stock: Safety stock / Min. stock
    reorder_level: Reorder level / Reorder at / Reorder point
    capacity: Capacity / Max. capacity
    seats: Seats / No. of seats / Number of seats
    beds: Beds / No. of beds
    bedrooms: Bedrooms / No. of bedrooms
    pages: Pages / No. of pages / Page count
    copies: Copies / No. of copies
    pieces: Pieces / No. of pieces
    guests: Guests / No. of guests
    adults: Adults / No. of adults
    children: Children / No. of children
    nights: Nights / No. of nights
    portions: Portions / Servings
    employees: Employees / No. of employees / Headcount
    head_count: Head count / Heads
    party_size: Party size / Size of party / Covers
    crew_size: Crew size / Size of crew
    views: Views / Page views
    likes: Likes / No. of likes
    points: Points / Pts
    price: Price / Price (net)
    unit_price: Unit price / Price each / Price per unit
    unit_cost: Unit cost / Cost per unit
    sale_price: Sale price / Selling price
    purchase_price: Purchase price / Buying price
    daily_rate: Daily rate / Rate per day / Day rate
    weekly_rate: Weekly rate / Rate per week
    hourly_rate: Hourly rate / Rate per hour
    monthly_fee: Monthly fee / Fee per month
    monthly_rent: Monthly rent / Rent per month
    monthly_price: Monthly price / Price per month
    yearly_price: Yearly price / Price per year
    monthly_limit: Monthly limit / Limit per month
    daily_limit: Daily limit / Limit per day
    price_per_night: Price per night / Nightly price / Price (night)
    price_per_hour: Price per hour / Hourly price
    amount: Amount / Amt.
    net_amount: Net amount / Amount (net) / Net
    total: Total / Grand total / Total amount
    balance: Balance / Current balance
    budget: Budget
    cost: Cost / Costs
    fee: Fee / Fees
    deposit: Deposit / Security deposit
    salary: Salary / Annual salary / Base salary
    salary_min: Salary (min.) / Min. salary / Salary from
    salary_max: Salary (max.) / Max. salary / Salary up to
    discount: Discount / Discount % / Disc.
    tax_rate: Tax rate / VAT rate / Tax / Tax %
    interest_rate: Interest rate / Interest / Interest p.a.
    probability: Probability / Prob. / Win probability
    progress: Progress / Progress %
    rating: Rating / Stars / Star rating
    status: Status / Current status
    stage: Stage / Current stage
    state: State
    priority: Priority / Prio
    urgency: Urgency
    severity: Severity
    type: Type
    category: Category
    method: Method
    channel: Channel
    role: Role
    gender: Gender
    sex: Sex
    language: Language / Spoken language
    languages: Languages / Spoken languages
    timezone: Time zone / Timezone
    room: Room / Room no.
    floor: Floor / Storey
    level: Level
    size: Size
    color: Color / Colour
    model: Model / Model name
    make: Make / Brand
    fuel: Fuel / Fuel type
    soil_type: Soil type / Soil
    notes: Notes / Remarks / Note
    comment: Comment / Your comment
    description: Description / Details
    summary: Summary / In short
    message: Message / Your message
    body: Body / Body text
    subject: Subject / Subject line
    reason: Reason
    feedback: Feedback / Your feedback
    biography: Biography / Bio / Short bio
    instructions: Instructions / How to
    introduction: Introduction / Intro text
    skills: Skills / Skill set
    tags: Tags / Labels
    keywords: Keywords / Key words
    photo: Photo / Picture
    cover: Cover / Cover image
    attachment: Attachment / Attached file
    document: Document / Document file
    license_plate: License plate / Plate / Plate no. / Reg. plate
    order_number: Order number / Order no. / Order / Order #
    invoice_number: Invoice number / Invoice no. / Invoice / Invoice #
    serial_number: Serial number / Serial no. / S/N
    registration_number: Registration number / Reg. no.
    inventory_number: Inventory number / Inv. no.
    catalogue_number: Catalogue number / Cat. no.
    reference: Reference / Ref. / Ref. no. / Reference no.
    vat_number: VAT number / VAT no. / VAT ID
    tax_number: Tax number / Tax no. / Tax ID
    iban: IBAN / IBAN no.
    code: Code / Short code
    sku: SKU / SKU no. / Stock keeping unit
    isbn: ISBN / ISBN no.
    vin: VIN / VIN no. / Vehicle ID no.
    username: Username / User name / Login
    cost_center: Cost center / Cost centre
    blood_type: Blood type / Blood group
    dosage: Dosage / Dose
    medication: Medication / Medicine
    diagnosis: Diagnosis / Dx
    allergies: Allergies / Allergic to
    insurance_number: Insurance number / Insurance no. / Insurance ID
    guardian_phone: Guardian phone / Phone of guardian
    origin: Origin / Place of origin
    destination: Destination / Dest.
    nickname: Nickname / Nick
    hometown: Hometown / Home town
    genre: Genre
    industry: Industry / Industry sector
    weight_kg: Weight (kg) / Weight in kg
    height_cm: Height (cm) / Height in cm
    width_cm: Width (cm) / Width in cm
    area_sqm: Area (sqm) / Area in sqm
    area_ha: Area (ha) / Area in ha / Hectares
    distance_km: Distance (km) / Distance in km / Dist. (km)
    odometer_km: Odometer (km) / Odometer
    mileage_km: Mileage (km) / Mileage
    duration_minutes: Duration (minutes) / Duration (min)
    duration_days: Duration (days) / Days planned
    term_months: Term (months) / Months of term
    estimate_hours: Estimate (hours) / Est. (hours)
    years_experience: Years of experience / Experience (years)
    hours: Hours / Hrs.
    owner_id: Owner
    assignee_id: Assignee / Assigned to
    manager_id: Manager
    author_id: Author / Written by
    reviewer_id: Reviewer / Reviewed by
    approver_id: Approver / Approved by
    inspector_id: Inspector / Inspected by
    reporter_id: Reporter / Reported by
    interviewer_id: Interviewer / Interviewed by
    editor_id: Editor / Edited by
    is_active: Active / Is active
    is_paid: Paid / Is paid
    is_done: Done / Is done
    is_public: Public / Is public
    is_published: Published / Is published
    is_billable: Billable / Is billable
    is_mandatory: Mandatory / Is mandatory
    is_verified: Verified / Is verified
    is_available: Available / Is available
    is_resolved: Resolved / Is resolved
    is_anonymous: Anonymous / Stay anonymous
    is_recurring: Recurring / Repeats
    is_remote: Remote / Works remotely
    is_vip: VIP / VIP customer
    has_parking: Parking / Parking on site
    has_breakfast: Breakfast / Breakfast included
    has_elevator: Elevator / Lift
"""


def _glossary(text: str) -> dict[str, tuple[str, ...]]:
    rows = (line.strip().partition(": ") for line in text.strip().splitlines())
    return {column: tuple(part.strip() for part in worded.split(" / ")) for column, _, worded in rows}


GLOSSARY: dict[str, tuple[str, ...]] = _glossary(_WORDED)


def wordings(column: str) -> tuple[str, ...]:
    """The label wordings of a column: the glossary's, else its own words in the ways that people write them.

    `customer_id` is `Customer`, `badge_number` also `Badge no.`, `mast_height_m` `Mast height (m)`, `edited_at` also `Edited`.
    """
    if column in GLOSSARY:
        return GLOSSARY[column]
    words = column.removesuffix("_id").removeprefix("is_").removeprefix("has_").split("_")
    *most, last = words
    if most and last in UNITS:
        return (f"{_label(most)} ({UNITS[last]})",)
    if most and last == "number":
        return _label(words), f"{_label(most)} no."
    if most and last == "color":
        return _label(words), _label([*most, "colour"])
    if most and last in ("at", "on"):
        return _label(words), _label(most)
    return (_label(words),)


def _label(words: list[str]) -> str:
    text = " ".join(CAPITALS.get(word, word) for word in words)
    return text[:1].upper() + text[1:]
