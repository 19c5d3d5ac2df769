"""Short texts that fit many records: job titles, remarks, descriptions, doses. A domain's own lists go before these."""

JOBS = (
    "Account manager/Product designer/Office manager/Head of sales/Software engineer/Buyer/Controller/Team lead/"
    "Marketing manager/Operations analyst/Support specialist/HR partner/Data analyst/Warehouse lead/Key account manager/"
    "Financial accountant/Project coordinator/Quality manager/Managing director/Field technician/Purchasing manager"
).split("/")
WORDS = (
    "Waiting for feedback/Looks good to me/Please check again/Sent by courier/Moved to next week/"
    "Approved by phone/Second attempt/Updated the figures/See attached file/Shared with the team/"
    "Needs one more look/All clear now/Confirmed this morning/No answer yet/As discussed on Monday/Same as last time"
).split("/")
LONG = (
    "Prefers to be contacted in the morning. Please leave a message if there is no answer./"
    "Agreed on the phone; the signed copy follows by post next week./"
    "Handle with care. The last delivery had a small dent on the left side./"
    "First version, to be reviewed together before the end of the month./"
    "Good fit for small teams. A short introduction is included./"
    "Follow up after the holidays and confirm the open points./"
    "Called twice this week. Wants to decide after the meeting on Thursday./"
    "Everything is prepared; only the second signature is missing."
).split("/")
ABOUT = (
    "A short introduction for new people, kept up to date by the team./"
    "Started small and grew over the years; known for care in every detail./"
    "The most asked questions are answered here, step by step./"
    "Covers what you need to know before you begin. Takes about ten minutes./"
    "Suitable for all levels. Please read the notes before you start./"
    "Built for everyday use and tested by people who know what they need."
).split("/")
SIMPLE = {
    "job": JOBS,
    "words": WORDS,
    "long": LONG,
    "dose": "1 tablet daily/2 tablets daily/5 ml twice daily/1 capsule at night/10 drops/1 puff as needed".split("/"),
    "timezone": ["Europe/Berlin", "Europe/London", "America/Chicago", "Europe/Madrid", "America/Toronto"],
    "languages": ["English, Spanish", "German, English", "French, Italian", "English", "Portuguese, English"],
    "venue_room": ["Main hall", "Room 101", "Studio 2", "Garden stage", "Auditorium", "Library"],
    "color": "#2F6FED #E4572E #17A398 #F2B134 #7A5CFA #D7263D #3A7D44 #1F2A44 #EC6EAD #8D6A4F #0FA3B1 #9BC53D".split(),
}
DESCRIBING = ("description", "summary", "biography", "body", "instructions", "introduction", "story")
