"""What the teacher's run is made of; `ghostlib.corpus.teacher` is the run itself.

briefing.py     what the teacher is told, and the shape of its answer
draft.py        an answer -> a Draft, or what is wrong with it
examining.py    a Draft -> a record that PostgreSQL created and the gates let through, or what is wrong with it
marks.py        where on a picture a label's words stand
answers.py      the answers on disk, by picture, prompt and model
ledger.py       every call with its tokens; what the day and the minute still allow
asking.py       one answer, however often it must be asked for
forecast.py     what a run would cost, before it
agreement.py    how good the teacher is, on screens whose truth is known
"""
