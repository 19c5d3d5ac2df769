"""Ghost Architect: a screenshot of an application in, a PostgreSQL schema out, by a Gemma-3 that you tuned yourself.

The house, from left to right; a room imports only from the rooms above it (docs/architecture.md):

    errors.py                 every error a user can meet, as one tree
    strict.py                 plain values -> frozen dataclasses; an unknown key names the nearest
    config.py                 profile and overrides -> one frozen Config; the root and the output folder
    machine.py                which hardware, which precision and why, which keys, Colab or not
    colab.py                  Google Colab: install beside what it has, keep results in Drive
    schemas/                  SQL <-> Schema (no torch)
      schema.py               the value everything speaks: Schema, Table, Column, ForeignKey, Check, Index
      statements.py rules.py  text -> statements in three classes: created, skipped, refused
      pieces.py words.py trees.py  where a statement ends; its words and edits; its parsed tree
      calls.py habits.py      the functions that it may call; hints for another dialect's habits
      inventory.py qualifiers.py  what the file has made so far; its schema names mapped to throw-away ones
      degrading.py lacking.py extensions.py  what gives way where the server lacks it
      ddl.py                  Schema -> the target language, one spelling
      postgres.py             the judge: untrusted DDL into a real server, and back out as a Schema
      server.py catalog.py    the connections of the judge; what the server's catalog says
      embedded.py watchdog.py parser.py  the server that comes with us and its limits; what ends late; a long text's own process
      score.py                Schema x Schema -> Score, and means with intervals
      matching.py names.py    which table and column stands for which; how alike two names are
      lint.py                 advice on style by squawk, beside the verdict
      views.py layout.py      Schema -> Mermaid and picture; where its cards and lines go
      dialects.py orm.py      Schema -> MySQL and SQLite; Schema -> SQLAlchemy models
    corpus/                   examples (no torch)
      picture.py              open a stranger's picture safely; the one letterbox
      reading.py folding.py   what is written on a screenshot (OCR), and what a prompt carries of it
      repeats.py              cards and lists without a header: where one record ends and the next begins
      records.py jsonfiles.py the examples on disk: read, check, save; files of rows, whole or not at all
      quality/                the gates that a dataset must pass
        findings.py files.py  what a gate found, as a report; whole files through all of them
        labels.py             on the SQL: creates, dialect, collapse, tables, length, leakage
        evidence.py pictures.py  on what a screen shows of its label; on the pictures
      capture/                screenshots of public pages, politely
        addresses.py robots.py  which pages; what their hosts allow
        visit.py journal.py     one page in Chromium; what has been captured
      teacher.py              Gemini as teacher: ask, verify in PostgreSQL, repair, cache, resume
      teaching/               what its run is made of
        briefing.py draft.py    what the teacher is told; its answer as a value
        examining.py marks.py   a draft -> a record that holds; where on a picture a label stands
        answers.py ledger.py    the answers on disk; every call, and what the minute and the day allow
        asking.py               one answer, however often it must be asked for
        forecast.py agreement.py  what a run would cost; how good the teacher is where the truth is known
      gemini/                 one question to Gemini
        replies.py refusals.py  what can come back; what a refusal means
        generativeai.py genai.py  the two clients behind one seam
      texts/                  the text examples of phase 1: written by hand, and told from the domains
        families.py speech.py   a few tables of a domain; how people speak of them
        descriptions.py elements.py  what a client writes; what a screen shows
        changes.py flat.py      change requests; tables that repeat themselves
        indexing.py repairs.py  queries that need indexes; SQL that PostgreSQL refused
      practice.py invented.py renamed.py  endless exercises for nano's pretraining; domains that do not exist
      mixed.py facts.py      lists of which nothing can be expected, so that what they say must be copied; facts as JSON
      copied.py framed.py     labels to write as a list, word by word; a page inside a window that has nothing to do with it
      laid.py lists.py        pages that a browser laid out without a picture; a schema as a plain list, and back
      questions/              databases and questions in Spider's layout, from the domains
        filled.py               a domain as a SQLite file with rows
        subject.py patterns.py  one table as a pattern draws from it; questions at four hardnesses
      screens/                schema first: draw an application screen from a known schema
        domains/              the relational models
          training_people.py training_trade.py training_work.py training_services.py
          training_field.py training_culture.py training_words.py training_society.py
          validation.py validation_works.py validation_lessons.py
        notation.py model.py  a domain in a compact text -> frozen values; the whole of it as a Schema
        wordings.py samples.py  what a column's label says; sample data that looks real
        people.py locales.py  names, firms and streets (faker); cities, phones, money and days of a country
        styles.py phrases.py  how one screen writes numbers and days; short texts that fit many records
        plan.py               what a screen shows, as values
        archetypes/           which of a domain each kind of screen shows
          scene.py              the choices that all of them make
          forms.py settings.py  form, wizard; settings
          lists.py boards.py    list, cards; kanban, calendar
          records.py inbox.py   detail, master-detail; inbox
          summaries.py          dashboard, report
        rows.py figures.py    its rows of data; a dashboard's numbers and charts
        truth.py              the schema that a planned screen implies
        rules/                the rules of docs/reading_a_screen.md, each with a small screen
          example.py            a rule and the notation of its screen
          tables.py columns.py links.py  the rules themselves
        looks.py icons.py     the designs; the icons, in three sets
        furniture.py sheets.py  what stands round the data and is none; contact sheets
        pages.py arrangement.py  plan -> HTML; which row stands where
        turns.py drawing.py   whose turn it is; the dataset of pictures and records
        browser.py drawn.py   headless Chromium; what becomes of a drawn page
        readings.py           the OCR's readings of drawn screens, by processes
    tasks/                    what a model can be asked: prompt, parse, score
      ui2sql.py               screenshot -> schema
      text2sql/               question about a database -> SQL
        practice.py             questions that it makes itself, of databases that do not exist
        catalog.py layouts.py hub.py  a database's tables and keys; Spider's, BIRD's, WikiSQL's files; the Hub
        statements.py sandbox.py  where a statement ends; a SQLite file that queries may only read
        denotation.py execution.py  when two answers are the same; predictions run on every database of a suite
        tokens.py grammar.py setmatch.py  Spider's words and grammar; exact set match
        hardness.py scoring.py  how hard a query is and of which kind; scores, means, groups
        report.py command.py    a predictions file told; what `ghost` gets of its own
        asking.py postgres.py   questions about a database of one's own; PostgreSQL, only read
      qod/                    request in words -> a CAMARA QualityOnDemand session
        rules.py verdicts.py    the body as a JSON Schema; what is wrong with one, and where
        requests.py faults.py   requests and their bodies, as many as one likes; one fault put into a body
        scores.py               an answer against the body that was asked for
    models/                   torch from here on
      load.py                 base model and processor, through transformers or Unsloth
      lora.py merging.py      Trinity: attach, continue, save; merge some rows at a time
      blueprint.py deltas.py  what a merged model will hold; what an adapter changes in it
      tensors.py nf4.py       safetensors by rows; NF4 by rows
      dora.py                 DoRA's norm and gradient without PEFT's copies of the weights
      nano.py vocabulary.py   the small Gemma-3 of this repository; its words
      generate.py             prompt and picture in, text out
      constrained.py          decoding by a JSON Schema
      files.py                folders that are whole or not there
    training/
      shapes.py memory.py     the sizes of a model; what a plan needs in GiB
      budget.py ladder.py     minutes, disk and RAM of the whole way; the next cheaper plan
      runs.py                 the run folder: config, facts, resume
      rows.py sft.py watch.py examples for TRL; one phase of fine-tuning; log, progress, guard
      trainer.py checkpoints.py  TRL's trainer as Trinity needs it; checkpoints that are whole or do not count
      mirror.py ranks.py      a copy of the run in another folder; several processes of one training
      dpo.py                  the phase that learns from pairs of answers
      recovery.py probe.py    which rung, and what follows when memory runs out; two steps that tell it before
      scoring.py diagnosis.py evaluated while it trains, the best kept; why a loss or a gradient is no number
      perplexity.py           what the right answers cost a model
      pretrain.py eyes.py     nano's own recipe; its tower learns where widgets stand
      gaze.py                 a place that its words name makes it look there
      heard.py                what its words hear of its eyes: places told right with a page's own picture and another's
      exercises.py steps.py   batches of its exercises, with pictures or without; a step in bfloat16, compiled
      pieces.py               what its tokenizer is trained on
      own.py                  what it lists of pages by itself, to be gone on with
    inference/
      predict.py backends.py  a screenshot in, a judged schema out; who answers: llama.cpp, transformers, Ollama
      asking.py               a question in words in, a checked answer out
      grammar.py              the target language in GBNF: what decoding may write
      evidence.py overlay.py  which line of the reading a column came from; the same, drawn
      calibration.py          what a confidence is worth, as measured
      folder.py               many screenshots -> JSONL, the next one read while one is answered
      dialogue.py             a schema so far, and requests on it
      trials.py               what grammar, repair and evidence are worth: docs/results/predict.md
      evaluate.py answers.py  base against tuned on a split; the answers that are there already
      beside.py               what a rule makes of the lists, and one answer to everything
      engines.py figures.py   who answers an evaluation; the pictures it leaves
      differences.py          what each phase of a training has changed
      ablation.py             what the picture alone and the reading alone are worth
      novelty.py              how well columns are named with words that no training example held
      foreign.py coverage.py  anybody's predictions; the share of labels that became columns
      baselines.py benchmark.py  what a model must beat; what the benchmark holds
      export.py staging.py    adapter -> merged model -> GGUF; the folder that the converter wants
      converter.py gguf.py    llama.cpp's own converter; whether its files are whole
      quantiser.py card.py    Q4_K_M by llama.cpp's K-quants; the model card with the measured numbers
      parity.py chain.py      the same answers through every stage of an export; the stages
      forcing.py hearing.py   what a model gives to a text laid into its mouth; what was said, kept line by line
      causes.py               why a stage answers otherwise than the one before it
      llama.py serving.py     llama.cpp inside this process; the same for other programs (OpenAI's protocol)
      ollama.py               an Ollama over HTTP
    charts.py markup.py       the pictures that notebooks show; tables, SQL in colour, a file to keep
    show.py                   everything that a notebook displays
    upload.py                 the cell that takes a screenshot and answers it
    results.py                what the docs quote of a run
    notebooks.py              run the five notebooks; stamp badge and install cell
    cli/                      `ghost ...`
      parser.py               what the commands' parsers have in common
      models.py plans.py      run plan evaluate; the ladder as a table
      exports.py              export
      predicting.py asking.py predict repl serve; ask
      training.py data.py     train; screens dataset
      teaching.py             capture teach
      schemas.py scoring.py   check; score
      texts.py forms.py       the SQL that a user names; a schema in another form
"""

__version__ = "0.1.0"
