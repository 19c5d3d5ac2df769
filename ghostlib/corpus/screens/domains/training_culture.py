"""Domains that training sees: museums, podcasts, music labels and forums."""

TEXT = """
= museum | Museum | Glyptotek Desk / Curio / Museum Am Fluss / Vitrine
@ lives: Studied in Antwerp and never left the coast again.
@ lives: Worked in bronze only after 1920.
@ lives: Little is known of her early years.
@ labels: Gift of the friends of the museum
@ labels: On loan until September
@ labels: Restored in 2021
@ labels: Shown for the first time
@ works: Woman with a Lantern / Harbour at Dawn / Blue Amphora / Portrait of a Clerk / Winter Market / Untitled (Grid)
@ works: Red Kimono
@ works: Study of Hands / The Ferryman / Bronze Heron / Iron Mask / View of the Old Bridge / Ivory Chess King
@ media: Oil on canvas / Watercolour / Bronze / Etching / Ceramic / Photograph / Marble / Textile / Woodcut
@ shows: Light on Water / A Century of Paper / Faces of the City / Iron and Silk / New Acquisitions / Sea Routes
@ shows: Quiet Rooms
@ shows: The Travelling Eye
@ rooms: Hall 1 / Hall 2 / North gallery / Cabinet A / Cabinet B / Sculpture court / Depot 3 / Print room
@ movements: Baroque / Impressionism / Cubism / Bauhaus / Romanticism / Pop Art / Realism / Expressionism
@ damage: Craquelure in the sky, stable since the last visit. / Small tear at the lower edge; keep below 50 lux.
@ damage: Frame loose at the left corner. / Surface clean; no change since 2019.
@ sources: Purchase / Bequest / Gift of the friends / Transfer / Excavation / Exchange
@ partners: Kunsthalle Nord / City Gallery Leeds / Musée du Port / Museo Civico / Stedelijk Huis / Landesmuseum
@ partners: Art House Oslo
+ artists Artist user
*full_name!^ person
born_year int:1610-1985 = Born (year) / Year of birth
nationality country
movement list:movements
biography long:lives
+ artworks Artwork box
*title! list:works
inventory_number! code:19##.### = Inventory number / Inv. no.
artist_id ref:artists
medium! list:media
made_year int:1620-2021 = Made (year) / Year made
height_cm decimal:8-280
width_cm decimal:8-320
acquired_by list:sources
insurance_value money:800-240000
is_on_display bool = On display
image_file file:jpg
+ exhibitions Exhibition calendar
*title! list:shows
curator_id! ref:users
start_date!^ date:past
end_date! date:future
room list:rooms
expected_visitors int:800-60000
status! enum:planned|open|closed
+ exhibition_items Exhibit list
exhibition_id! ref:exhibitions
artwork_id! ref:artworks
position! int:1-80
label_text words:labels
+ art_loans Art loan arrows
*loan_number! code:LN-##-###
artwork_id! ref:artworks
borrower! list:partners
loaned_on! date:past
due_back^ date:future = Due back / Back by
transport_cost money:120-9800
status! enum:requested|agreed|travelling|back
+ condition_checks Condition check check
artwork_id! ref:artworks
restorer_id! ref:users
checked_on!^ date:past = Checked on / Checked
condition! enum:good|fair|poor
finding long:damage
+ ticket_sales Ticket sale ticket
exhibition_id! ref:exhibitions
category! enum:adult|reduced|family|school
quantity! int:1-30
paid_amount! money:6-240
sold_at!^ time:past = Sold at / Sold
+ users User user
*full_name! person
email! email

= media | Podcasts | Micdrop / Audiohaus / Wavelength / Longform FM
@ takes: Could listen for hours
@ takes: A little too much advertising
@ takes: The part about the bridge was great
@ takes: Sound got much better
@ lives: Reporter for fifteen years, curious for fifty.
@ lives: Musician and engineer; edits every episode herself.
@ lives: Used to read the news and now reads letters.
@ shows: The Slow Train / Code & Coffee / Night Shift / Small Print / Garden Table / The Second Half / Deep Water
@ shows: Nine Questions
@ shows: Kitchen Chemistry / Old Maps
@ episodes: What the tide leaves behind / The man who sold a bridge / How bread remembers / Live from the archive
@ episodes: The quiet vote
@ episodes: A letter from 1912 / Thirty days offline / Why maps lie / The last lighthouse / Counting birds
@ episodes: Inside the seed vault
@ episodes: Your questions, part 4
@ topics: History / Science / Business / Sport / Food / Culture / Technology / Travel / Politics
@ sponsors: Volt Bikes / Kindling Books / Mellow Tea / Nordic Sleep / Parcelbird / Clearbank / Greenbox / Tonic Audio
@ studios: Booth 1 / Booth 2 / Studio A / Remote / Field recorder
@ pitch: Two hosts, one guest, forty minutes and a question nobody asked before.
@ pitch: A narrated series in six parts with archive sound. / Weekly talk about what the numbers leave out.
@ chores: Edit interview / Write show notes / Cut trailer / Clear music rights / Record intro / Book guest / Upload artwork
+ shows Show mic
*title! list:shows
host_id! ref:hosts
language! enum:english|german|spanish|french
feed_url url = Feed URL
topics tags:topics
cover file:png
is_explicit bool
pitch long:pitch
+ hosts Host user
*full_name! person
email! email
biography long:lives
+ episodes Episode file
*title! list:episodes
show_id! ref:shows
season int:1-6
episode_number! int:1-180 = Episode number / Episode no.
published_at^ time:past
duration_minutes! int:12-95
status! enum:draft|recorded|editing|published
audio_file file:mp3
+ episode_guests Guest users
*full_name! person
episode_id! ref:episodes
company company
fee money:0-600
is_confirmed bool
+ sponsors Sponsor building
*name! list:sponsors
contact_name person = Contact name / Contact person
email! email
website url
+ ad_slots Ad slot coin
sponsor_id! ref:sponsors
episode_id! ref:episodes
placement! enum:pre_roll|mid_roll|post_roll
price! money:60-2400
read_by_id ref:hosts = Read by
is_paid bool
+ production_tasks Production task check
*title! list:chores
episode_id! ref:episodes
assignee_id! ref:users
due_date!^ date:future
stage! enum:to_do|doing|review|done
studio list:studios
+ listener_reviews Listener review star
show_id! ref:shows
nickname! code:fan_??###
rating! stars
posted_at!^ time:past = Posted at / Posted
comment words:takes
+ users User user
*full_name! person
email! email

= music_label | Music label | Tape Room / Northern Wax / Low Tide Records / Attic Sound
@ acts: Paper Lanterns / Mira Vale / The Night Ferries / Kolme / Ash & Ember / Saint Marlow / Velvet Tram / Juno Park
@ acts: Oak City Choir
@ acts: Lina Sol / Grey Harbour / Tin Parade
@ releases: Low Sun / Postcards / Half a Mile / Northern Rooms / Glass Season / Between Stations / Red Kites / Tidal
@ releases: Good Neighbours
@ releases: Undertow
@ tracks: Open Window / Streetlight Waltz / Salt / Second Floor / Borrowed Coat / Paper Boats / Slow Motion / Evergreen
@ tracks: Wires
@ tracks: Last Bus Home / Ghost Notes / Morning Tape
@ genres: Indie / Folk / Electronic / Jazz / Soul / Ambient / Rock / Hip-hop
@ venues: Old Foundry / Paradiso Klein / The Lantern / Kulturhaus / Blue Room / Pier Stage / Tramdepot / Sala Verde
@ shops: Bandcamp / Juno / Rough Trade / HHV / Own web shop / Tour table / Rekord Center
@ moods: calm / driving / bright / dark / dreamy / raw / warm
+ acts Act mic
*name! list:acts
genre! list:genres
hometown city
manager_id ref:users
signed_on date:past = Signed on / Signed
monthly_listeners int:800-940000
website url
+ releases Release folder
*title! list:releases
act_id! ref:acts
catalogue_number! code:LTR-### = Catalogue number / Cat. no.
format! enum:single|album|compilation
release_date!^ date:future
cover file:jpg
artwork_color color = Artwork colour / Artwork color
status! enum:planned|mastering|announced|released
+ tracks Track list
*title! list:tracks
release_id! ref:releases
track_number! int:1-14 = Track number / Track no.
isrc! code:DE-?##-25-##### = ISRC
length_seconds int:92-540
tempo_bpm int:64-178
moods tags:moods
is_single bool
+ contracts Contract file
*contract_number! code:C-25-### = Contract number / Contract no.
act_id! ref:acts
start_date! date:past
end_date date:future
royalty_rate! percent:12-50
advance money:500-24000
document file:pdf
+ concerts Concert calendar
act_id! ref:acts
venue! list:venues
city city
starts_at!^ time:future
doors_open clock:18-20
guarantee money:150-6000
status! enum:offered|confirmed|settled|cancelled
+ sales_reports Sales report chart
*reference! code:SR-####
release_id! ref:releases
shop! list:shops
period_start! date:past
units! int:4-3800
net_amount! money:20-9800
+ royalty_lines Royalty line list
sales_report_id! ref:sales_reports
track_id! ref:tracks
share! percent:1-50
amount! money:2-900
+ users User user
*full_name! person
email! email

= forum | Forum | Commonroom / Threadloft / Campfire / Roundtable
@ lives: Builds synthesizers in a garden shed.
@ lives: Asks more questions than he answers.
@ lives: Photographer, cyclist, early riser.
@ rules: Say hello and tell us what you make.
@ rules: One thread for each problem, please, with your version.
@ rules: For all that fits nowhere else.
@ boards: Introductions / Show your work / Bug reports / Feature ideas / Off topic / Marketplace / Tutorials / Announcements
@ boards: Jobs board / Meetups
@ topics: What are you building this week? / Keyboard layouts for small hands / Best way to back up photos
@ topics: Introduce yourself here
@ topics: Tips for a quiet home office / Slow queries after the update / Looking for beta testers / Weekly reading thread
@ topics: My garden sensor finally works / Dark theme: your feedback / Is a standing desk worth it? / Meetup in Lyon, June
@ words: question / solved / hardware / beginner / release / photo / poll / howto / linux / tools
@ badges: First post / Helper / Night owl / Founding member / Bug hunter / Storyteller / 100 likes / Mentor
@ reasons: Spam / Rude language / Off topic / Duplicate / Personal data
@ posts: Thanks, the second step did it for me. / I had the same problem; clearing the cache helped.
@ posts: Could you post a photo of the wiring? / Agreed, and please keep the old view as an option.
+ members Member users
*username! code:user_??### = Username / User name
full_name person
email! email
joined_on^ date:past
location city
reputation int:1-9800
is_moderator bool
biography long:lives
+ boards Board folder
*name! list:boards
parent_board_id ref:boards
color color = Colour / Color
is_locked bool
description long:rules
+ topics Topic chat
*title!^ list:topics
board_id! ref:boards
author_id! ref:members
tags tags:words
views int:4-48000
posted_at!^ time:past
status enum:open|answered|closed
is_pinned bool
+ replies Reply chat
topic_id! ref:topics
author_id! ref:members
body! long:posts
replied_at!^ time:past
likes int:0-240
is_accepted bool = Accepted answer / Accepted
+ badges Badge star
*name! list:badges
icon_color color = Icon colour / Icon color
points! int:5-500
tier! enum:bronze|silver|gold
+ awards Award target
member_id! ref:members
badge_id! ref:badges
awarded_on! date:past = Awarded on / Awarded
+ reports Report flag
reporter_id! ref:members
topic_id! ref:topics
reason! list:reasons
reported_at! time:past
outcome enum:pending|dismissed|removed
handled_by_id ref:members = Handled by
"""
