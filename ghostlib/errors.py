"""Every error that a user can meet, as one tree.

    GhostError
    ├── ConfigError       a profile, a key or a value that does not exist
    ├── MachineError      this machine cannot do it (no GPU, disk full, folder not writable)
    ├── DataError         records or files that are missing or wrong
    │   └── PictureError  a picture that cannot be used
    ├── SchemaError       SQL that is not a schema, or a judge that cannot be reached
    ├── TeacherError      the teacher (Gemini) did not answer usefully
    │   └── QuotaError    the day's quota is used up; what is done is saved
    ├── TrainingError     a run that must not go on (non-finite loss, a resume that does not match)
    │   └── OutOfMemory   no rung of the ladder fits
    ├── ToolError         an outside tool is missing (browser, converter)
    └── ExportError       merging or converting a model failed

Each message is one line: what happened, where (with the value), what to do next.
"""


class GhostError(Exception):
    """Anything that a user caused or can mend; the command line prints it as one line, exit code 2."""


class ConfigError(GhostError):
    pass


class MachineError(GhostError):
    pass


class DataError(GhostError):
    pass


class PictureError(DataError):
    pass


class SchemaError(GhostError):
    pass


class TeacherError(GhostError):
    pass


class QuotaError(TeacherError):
    pass


class TrainingError(GhostError):
    pass


class OutOfMemory(TrainingError):
    pass


class ToolError(GhostError):
    pass


class ExportError(GhostError):
    pass
