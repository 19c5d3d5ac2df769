"""Which functions an expression of a schema may call. None reads files, waits, runs queries, locks or sets a thing.

The server works some expressions out when it creates them (partition bounds, a constant part of a CHECK or an index, the
default of a column that is added), so what can build a huge value out of a small text is allowed only over a column of
the table: there is no row, so it never runs.
"""

from typing import Any

_TIME = """now clock_timestamp statement_timestamp transaction_timestamp timeofday timezone date_trunc date_part extract age
date_bin isfinite make_date make_time make_timestamp make_timestamptz make_interval justify_days justify_hours justify_interval
to_char to_date to_timestamp to_number timestamp timestamptz date time timetz interval date_add date_subtract overlaps
localtimestamp"""
_TEXT = """lower upper length char_length character_length octet_length bit_length btrim ltrim rtrim substr substring left right
split_part position strpos starts_with md5 sha224 sha256 sha384 sha512 initcap reverse translate overlay ascii chr concat
to_hex to_bin to_oct decode get_byte get_bit set_byte set_bit convert_from convert_to convert crc32 crc32c casefold
normalize is_normalized unistr text bpchar varchar name textlen string_to_array regexp_like regexp_match
regexp_count regexp_instr regexp_substr regexp_split_to_array like ilike notlike like_escape similar_to_escape similar_escape
pg_client_encoding hashtext hashtextextended parse_ident bit_count"""
_NUMBER = """abs ceil ceiling floor round trunc sqrt cbrt mod div sign random greatest least gcd lcm min_scale
scale trim_scale width_bucket sin cos tan asin acos atan atan2 cot sinh cosh tanh degrees radians pi log10 int2 int4 int8
float4 float8 numeric bool money bit int4mod numeric_eq erf erfc"""
_JSON = """json_typeof jsonb_typeof json_array_length jsonb_array_length json_object jsonb_object jsonb_set jsonb_set_lax
jsonb_insert json_strip_nulls jsonb_strip_nulls jsonb_pretty json_extract_path jsonb_extract_path json_extract_path_text
jsonb_extract_path_text jsonb_path_exists jsonb_path_match jsonb_path_query_array jsonb_path_query_first jsonb_path_exists_tz
jsonb_path_query_array_tz jsonb_path_query_first_tz jsonb_path_match_tz jsonb_exists jsonb_exists_any jsonb_exists_all
jsonb_contains jsonb_contained jsonb_object_field jsonb_object_field_text jsonb_array_element jsonb_array_element_text"""
_ARRAY = """array_length array_ndims array_dims array_lower array_upper cardinality array_position array_positions array_remove
array_append array_prepend array_cat array_replace array_reverse array_sort trim_array array_to_tsvector
arrayoverlap arraycontains arraycontained num_nonnulls num_nulls"""
_RANGE = """daterange tsrange tstzrange int4range int8range numrange datemultirange tsmultirange tstzmultirange int4multirange
int8multirange nummultirange multirange lower_inc upper_inc lower_inf upper_inf isempty range_merge range_overlaps
range_contains elem_contained_by_range range_intersect"""
_SEARCH = """to_tsvector to_tsquery plainto_tsquery phraseto_tsquery websearch_to_tsquery setweight strip numnode querytree
tsvector_to_array ts_delete ts_filter ts_rank ts_rank_cd tsquery_phrase json_to_tsvector jsonb_to_tsvector
get_current_ts_config ts_match_vq tsvector_concat"""
_NETWORK = """host hostmask netmask network masklen broadcast abbrev family set_masklen inet_merge inet_same_family
macaddr8_set7bit inet cidr"""
_SHAPE = """point box circle lseg line path polygon area center diagonal diameter height width isclosed isopen npoints
radius slope pclose popen bound_box"""
_SERVER = """gen_random_uuid uuidv4 uuidv7 uuid_extract_timestamp uuid_extract_version nextval currval lastval current_setting
current_database current_schema current_schemas version pg_typeof txid_current txid_current_if_assigned
pg_current_xact_id pg_current_xact_id_if_assigned pg_backend_pid inet_client_addr inet_server_addr pg_column_size
pg_get_serial_sequence pg_snapshot_xmin pg_current_snapshot txid_current_snapshot col_description obj_description
pg_current_wal_lsn"""
# Safe once; one within another can double a text at each step.
DOUBLING = frozenset(
    """quote_ident quote_literal quote_nullable to_json to_jsonb row_to_json array_to_json json_build_object json_build_array
    jsonb_build_object jsonb_build_array concat_ws encode""".split()
)
GROWING = frozenset(
    "replace regexp_replace lpad rpad repeat format array_to_string array_fill power pow exp ln log factorial".split()
)
ALLOWED = frozenset(
    word for line in (_TIME, _TEXT, _NUMBER, _JSON, _ARRAY, _RANGE, _SEARCH, _NETWORK, _SHAPE, _SERVER) for word in line.split()
)
WRITES = frozenset({"nextval"})  # not undone by a rollback, so not where a value is worked out at once


def why_not(call: Any, *, allowed: frozenset[str], bound: bool, rowless: bool) -> str:
    """Why a function call may not stand here, or "". `bound`: in a partition bound; `rowless`: where no column is read."""
    name = call.funcname[-1].sval.lower()
    if len(call.funcname) > 1 and call.funcname[0].sval != "pg_catalog":
        return f"function {'.'.join(part.sval for part in call.funcname)}() is not the server's own"
    if bound and name in WRITES:
        return f"function {name}() cannot stand in a partition bound"
    if name in GROWING:
        over_column = not bound and not rowless and any(_reads_column(argument) for argument in call.args or ())
        return "" if over_column else f"function {name}() can build a huge value, and is allowed only over a column"
    if name in DOUBLING:
        twice = any(_name(part) in DOUBLING for argument in call.args or () for part in _parts(argument))
        over_column = not bound and not rowless and any(_reads_column(argument) for argument in call.args or ())
        return f"function {name}() over another of its kind can build a huge value" if twice and not over_column else ""
    return "" if name in allowed else f"function {name}() is not on the list of those that a schema may call"


def _name(part: Any) -> str:
    return part.funcname[-1].sval.lower() if type(part).__name__ == "FuncCall" else ""


def _parts(node: Any) -> list[Any]:
    from pglast.ast import Node

    found, waiting = [], [node]
    while waiting:
        here = waiting.pop()
        if isinstance(here, tuple | list):
            waiting.extend(here)
        elif isinstance(here, Node):
            found.append(here)
            waiting.extend(part for slot in here if isinstance(part := getattr(here, slot), tuple | list | Node))
    return found


def _reads_column(node: Any) -> bool:
    """Whether the value surely depends on a row: CASE and the like, which the planner may resolve without one, do not count."""
    while True:
        kind = type(node).__name__
        if kind == "ColumnRef":
            return True
        if kind in ("TypeCast", "CollateClause"):
            node = node.arg
        elif kind == "CoalesceExpr":
            node = node.args[0]
        elif kind == "FuncCall":
            return any(_reads_column(argument) for argument in node.args or ())
        elif kind == "A_Expr" and node.kind.name == "AEXPR_OP":
            return any(_reads_column(side) for side in (node.lexpr, node.rexpr) if side is not None)
        else:
            return False
