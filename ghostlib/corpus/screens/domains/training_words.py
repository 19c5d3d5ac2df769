"""Domains that training sees: wikis, newsletters, subscriptions and parking."""

TEXT = """
= wiki | Wiki | Pagewell / Handbook / Knowhow / Inkstone
@ texts: Start with the checklist and ask in the channel if a step is unclear.
@ texts: This page is the agreed version; older ones are in the archive.
@ texts: Keys are in the safe; the list of holders is below.
@ purposes: How we plan, ship and look back.
@ purposes: Contracts, holidays, salaries and whom to ask.
@ purposes: Logos, colours and ready-made templates.
@ spaces: People / Engineering / Product / Sales playbook / Office / Security / Design system / Finance / Onboarding
@ pages: How we hire / Release checklist / Parental leave / VPN on your phone / Style guide for emails / Incident runbook
@ pages: Expense rules / Glossary / Brand colours / Meeting notes template / Decision log / Travel policy
@ pages: Welcome, first week
@ pages: Database backups
@ words: draft / policy / howto / template / archive / legal / remote / tools / faq
@ groups: Everyone / Leadership / Contractors / Engineering / Finance team / People team
@ edits: Fixed the link to the form / New section on part-time work / Shorter introduction / Updated screenshots / Typo
@ edits: Moved to the new template / Added examples
@ remarks: Is this still true after the move? / Please add the new phone number. / Great page, helped me a lot.
+ spaces Space folder
*name! list:spaces
key! code:??? = Key / Space key
owner_id! ref:users
color color = Colour / Color
is_private bool
description long:purposes
+ pages Page file
*title!^ list:pages
space_id! ref:spaces
parent_page_id ref:pages
author_id! ref:users
reviewer_id ref:users
status! enum:draft|in_review|published|archived
keywords tags:words
review_on date:future = Review on / Review by
reading_minutes int:1-18
body long:texts
+ revisions Revision clock
page_id! ref:pages
editor_id! ref:users
summary! list:edits
edited_at!^ time:past = Edited at / Edited
changed_words int:1-900
+ page_comments Page comment chat
page_id! ref:pages
author_id! ref:users
body! long:remarks
written_at!^ time:past = Written at / Written
is_resolved bool
+ attachments Attachment folder
*file_name! file:pdf
page_id! ref:pages
size_kb! int:12-9800
uploaded_at time:past = Uploaded at / Uploaded
+ groups Group users
*name! list:groups
member_count int:3-240 = Member count / Members
is_default bool
+ permissions Permission card
space_id! ref:spaces
group_id! ref:groups
access! enum:view|comment|edit|admin
+ users User user
*full_name! person
email! email
job_title job

= newsletter | Newsletter | Inkletter / Postcard / Sundial Mail / Dispatch
@ lists: Weekly digest / Product news / Local events / Members only / Press / Recipes / Beta testers / Job openings
@ mails: Five ideas for spring / We are moving / The June issue / Last chance for early tickets / Welcome aboard
@ mails: A small thank you
@ mails: What is new in version 3 / Save the date / Your year in numbers / Behind the scenes / Summer reading / Two openings
@ words: vip / customer / lead / berlin / imported / press / event-2026 / trial / student
@ segments: Opened last 30 days / Never clicked / Paying customers / Northern cities / Signed up this year
@ segments: Birthday this month
@ templates: Plain letter / Two columns / Event invite / Product card / Photo story / Digest
@ lines: Hello, here is what happened this week / The one thing to read today / A look behind the door
@ lines: Three minutes for you
@ bounces: Mailbox full / Unknown address / Blocked by server / Message too large / Domain not found
+ audiences Audience folder
*name! list:lists
sender_name! company = Sender name / From name
reply_to email
is_double_opt_in bool = Double opt-in
+ subscribers Subscriber users
*email!^ email
full_name person
audience_id! ref:audiences
status! enum:pending|confirmed|unsubscribed|bounced
tags tags:words
city city
subscribed_at^ time:past
open_rate percent:2-96
+ segments Segment filter
*name! list:segments
audience_id! ref:audiences
subscriber_count int:12-18000 = Subscriber count / Subscribers
refreshed_at time:past
+ templates Template grid
*name! list:templates
background_color color = Background colour / Background color
width_px int:480-720
is_responsive bool
+ mailings Mailing mail
*subject! list:mails
audience_id! ref:audiences
segment_id ref:segments
template_id! ref:templates
preview_text list:lines
status! enum:draft|scheduled|sending|sent
send_at^ time:future
recipients int:120-42000
+ link_clicks Click arrows
mailing_id! ref:mailings
subscriber_id! ref:subscribers
target_url! url = Target URL
clicked_at!^ time:past = Clicked at / Clicked
device enum:desktop|phone|tablet
+ bounces Bounce flag
subscriber_id! ref:subscribers
mailing_id! ref:mailings
reason! list:bounces
bounced_at! time:past = Bounced at / Bounced
is_permanent bool
+ signup_forms Sign-up form edit
*title! list:lists
audience_id! ref:audiences
button_color color = Button colour / Button color
signups int:0-4200
is_live bool

= subscriptions | Subscriptions | Recurly Lane / Planwise / Tierdesk / Loopbill
@ plans: Starter / Team / Business / Scale / Enterprise / Nonprofit / Education / Legacy Pro
@ addons: Extra seats, pack of 5 / Priority support / Single sign-on / Audit log / Custom domain / Data export API
@ addons: EU hosting
@ addons: White label
@ keys: max_projects / storage_gb / api_calls / seats / audit_days / guest_users / automations / webhooks
@ reasons: Too expensive / Missing a feature / Moved to another tool / Project ended / Company closed / Too hard to set up
@ labels: Beta / Partner / Annual / Reseller / At risk / Champion / VIP / Trial extended
+ accounts Account building
*name! company
billing_email! email
country country
vat_number code:~######### = VAT number / VAT ID
owner_id ref:users
tags tags:labels = Tags / Labels
created_at^ time:past
+ plans Plan tag
*name! list:plans
monthly_price! money:9-480 = Monthly price / Price per month
yearly_price money:90-4800 = Yearly price / Price per year
seats_included int:1-50 = Seats included / Included seats
trial_days int:0-30 = Trial (days) / Trial days
is_public bool
accent color = Accent / Accent colour
+ subscriptions Subscription arrows
*subscription_number! code:SUB-##### = Subscription number / Subscription no.
account_id! ref:accounts
plan_id! ref:plans
status! enum:trialing|active|past_due|cancelled
seats! int:1-240
started_on! date:past = Started on / Started
renews_on^ date:future = Renews on / Next renewal
discount percent:0-40
+ subscription_items Add-on list
subscription_id! ref:subscriptions
add_on! list:addons = Add-on
quantity! int:1-20
unit_price! money:2-90
+ usage_records Usage record chart
subscription_id! ref:subscriptions
metric! list:keys
quantity! int:3-48000
recorded_at!^ time:past = Recorded at / Recorded
+ billing_invoices Invoice receipt
*invoice_number! code:R-2026-####
subscription_id! ref:subscriptions
amount! money:9-3600
issued_on! date:past = Issued on / Issued
due_date date:future
status! enum:open|paid|void|refunded
+ cancellations Cancellation flag
subscription_id! ref:subscriptions
reason! list:reasons
requested_at! time:past = Requested at / Requested
satisfaction slider:0-10
comment words
+ users User user
*full_name! person
email! email

= parking | Parking | Parkwell / Bay & Go / Kerbside / Stellplatz
@ garages: Market Square / Central Station / Opera / Riverside Deck / University West / Hospital / Old Harbour
@ garages: Stadium North
@ bays: A12 / A14 / B03 / B07 / C21 / C22 / D02 / D11 / E05 / E08
@ tariffs: Day rate / Evening / Resident / Weekend flat / Short stay / Monthly standard / Night owl
@ faults: Barrier does not open / Ticket printer jammed / Camera offline / Lift out of order / Light failure level 2
@ faults: Card reader broken
@ offences: No valid ticket / Parked across two bays / Blocked charging bay / Overstayed / Disabled bay without badge
+ garages Garage building
*name! list:garages
address! address
city! city
levels! int:1-7
capacity! int:60-1200
opens_at clock:5-8 = Opens at / Opens
height_limit_cm int:190-240 = Height limit (cm) / Max. height (cm)
+ parking_bays Parking bay map
*bay_number! pickcode:bays
garage_id! ref:garages
level! int:0-6
size! enum:compact|standard|wide
has_charger bool = Charger
+ tariffs Tariff coin
*name! list:tariffs
garage_id! ref:garages
price_per_hour! money:1-8 = Price per hour / Hourly price
daily_maximum money:8-40 = Daily maximum / Max. per day
valid_from date:past
+ drivers Driver users
*full_name!^ person
email! email
phone phone
badge_number code:DB-#### = Badge number / Badge no.
+ permits Permit card
*permit_number! code:PM-###### = Permit number / Permit no.
driver_id! ref:drivers
garage_id! ref:garages
license_plate! code:??-####
start_date! date:past
end_date! date:future
monthly_fee money:40-180
status! enum:requested|active|expired|revoked
+ parking_sessions Parking session clock
license_plate! code:??-####
parking_bay_id ref:parking_bays
tariff_id! ref:tariffs
entered_at!^ time:past
left_at time:past
fee money:1-38
is_paid bool
+ fines Fine flag
*fine_number! code:F-####
garage_id! ref:garages
offence! list:offences
license_plate! code:??-####
issued_at! time:past
amount! money:15-90
+ faults Fault wrench
*title! list:faults
garage_id! ref:garages
reporter_id ref:users
priority! enum:low|medium|high
reported_at! time:past
is_resolved bool
+ users User user
*full_name! person
email! email
"""
