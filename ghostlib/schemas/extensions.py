"""What PostgreSQL's extensions bring that a plain server lacks: types, functions and operator classes that degrade."""

import re

# Type of an extension -> what stands in for it. The first ones read and compare like their stand-in.
ALIKE = {
    **dict.fromkeys(
        "citext debversion semver email uri url isbn isbn13 issn issn13 ismn ismn13 ean13 upc chkpass".split(), "text"
    ),
    **dict.fromkeys("ip4 ip6 ipaddress ip4r ip6r iprange".split(), "inet"),
    "lo": "oid",
    "abstime": "timestamp with time zone",  # left PostgreSQL with version 12, and still stands in old dumps
    "reltime": "interval",
    **dict.fromkeys("uint1 int1".split(), "smallint"),
    "uint2": "integer",
    "uint4": "bigint",
    "uint8": "numeric",
}
UNLIKE = {
    "hstore": "jsonb",
    "agtype": "jsonb",
    **dict.fromkeys("ltree lquery ltxtquery cube seg earth query_int gtrgm prefix_range h3index semver_range".split(), "text"),
    **dict.fromkeys("geometry geography raster box2d box3d topogeometry geomval geometry_dump addbandarg".split(), "text"),
    **dict.fromkeys("pgpoint norm_addy pgr_costresult tdigest tinterval rum_distance_query bm25query".split(), "text"),
    **dict.fromkeys("vector halfvec".split(), "real[]"),
    "sparsevec": "text",
    **dict.fromkeys("hll roaringbitmap roaringbitmap64 bloom bytearray".split(), "bytea"),
}
TYPES = ALIKE | UNLIKE

FUNCTIONS = frozenset(
    """uuid_generate_v1 uuid_generate_v1mc uuid_generate_v3 uuid_generate_v4 uuid_generate_v5 uuid_generate_v7 uuid_nil
    uuid_ns_dns uuid_ns_url uuid_ns_oid uuid_ns_x500 digest hmac crypt gen_salt gen_random_bytes pgp_sym_encrypt
    pgp_sym_decrypt pgp_pub_encrypt armor dearmor similarity word_similarity strict_word_similarity show_trgm unaccent
    hstore hstore_to_json hstore_to_jsonb akeys avals skeys svals exist defined slice delete hstore_to_array
    icount sort uniq subarray idx intset nlevel subltree subpath lca text2ltree ltree2text index cube cube_dim ll_to_earth
    earth earth_distance earth_box latitude longitude levenshtein levenshtein_less_equal metaphone dmetaphone dmetaphone_alt
    soundex difference daitch_mokotoff crosstab connectby normal_rand is_valid isn_weak make_valid geometrytype geometry
    geography find_srid addgeometrycolumn populate_geometry_columns box2d box3d l2_distance inner_product cosine_distance
    l1_distance vector_dims vector_norm l2_normalize subvector binary_quantize hamming_distance jaccard_distance gen_ulid
    ulid_generate generate_ulid nanoid gen_nanoid snowflake next_id shard_next_id time_bucket citext hll_empty hll_hash_text
    rb_build rb_cardinality h3_latlng_to_cell h3_lat_lng_to_cell tablefunc xml_valid xpath_string ip4r text2isbn
    musicbrainz_unaccent musicbrainz_collate""".split()
)
CALLS = frozenset(
    """create_hypertable add_retention_policy add_compression_policy add_continuous_aggregate_policy create_distributed_table
    create_reference_table create_parent schedule addgeometrycolumn recoverygeometrycolumn populate_geometry_columns
    set_chunk_time_interval""".split()
)
_FUNCTION = re.compile(
    r"(?:st|postgis|topology|rt|pgr|pgp|hll|rb|h3|tdigest|cron|ts3|zdb|pgroonga|bm25|paradedb)_\w+", re.IGNORECASE
)
_CLASS = re.compile(
    r"(?:gin|gist|spgist|brin)_.*_ops(?:_\w+)?"
    r"|(?:vector|halfvec|sparsevec|bit_hamming|bit_jaccard|rum|hash_hstore|btree_hstore|ltree|citext|cube|seg|ip4r?|iprange"
    r"|isbn13?|issn13?|ismn13?|ean13|upc|geometry|geography|prefix_range|pgroonga|roaringbitmap|hash_ltree)\w*",
    re.IGNORECASE,
)
METHODS = frozenset("btree hash gist gin spgist brin".split())
COLLATIONS = frozenset({"C", "POSIX", "default", "ucs_basic"})  # every server has these; the others hang on its build
# Types that these methods index only with btree_gist and btree_gin, and types that btree cannot index.
SCALARS = frozenset(
    """int2 int4 int8 integer bigint smallint text varchar bpchar char uuid date time timetz timestamp timestamptz interval
    numeric     float4 float8 bool boolean money bytea bit varbit oid macaddr macaddr8 serial bigserial serial4 serial8
    smallserial name""".split()
)
UNSORTED = frozenset("json xml point box circle polygon path lseg line jsonpath aclitem txid_snapshot pg_snapshot".split())


def is_function(name: str) -> bool:
    """Whether a well-known extension brings a function of that name."""
    return name in FUNCTIONS or _FUNCTION.fullmatch(name) is not None


def is_call(name: str) -> bool:
    """Whether scripts call a function of that name in a SELECT of its own, to set an extension up."""
    return name in CALLS


def is_class(name: str) -> bool:
    """Whether a well-known extension brings an operator class of that name."""
    return _CLASS.fullmatch(name) is not None
