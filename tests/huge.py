"""Texts that are huge, deep or broken, by what is wrong with them."""

from hostile import GOOD

LONG = (  # they take seconds each
    *("2 MB of commas", "100,000 statements", "100,000 settings", "10 MB of statements", "10 MB of brackets"),
    "types in types",
)


def big(number, of="c{} int", between=", "):
    return between.join(of.format(n) for n in range(number))


SIZES = {
    "10 MB in one string": lambda: f"CREATE TABLE a (b text DEFAULT '{'x' * 10_000_000}');",
    "10 MB of statements": lambda: big(10_000_000 // 30, "CREATE TABLE t{} (a int);\n", ""),
    "10 MB of brackets": lambda: "(" * 10_000_000,
    "10 MB of commas": lambda: "a," * 5_000_000,
    "10 MB of spaces and one table": lambda: GOOD + " " * 10_000_000,
    "200 KB of commas": lambda: "CREATE TABLE a (b int CHECK (b IN (" + "1," * 90_000 + "1)));",
    "2 MB of commas": lambda: "CREATE TABLE a (b int CHECK (b IN (" + "1," * 900_000 + "1)));",
    "5,000 columns": lambda: f"CREATE TABLE a ({big(5_000)});",
    "1,600 columns": lambda: f"CREATE TABLE a ({big(1_600)});",
    "40,000 terms": lambda: f"CREATE TABLE a (b int CHECK (b > {'+'.join(['1'] * 40_000)}));",
    "40,000 joins": lambda: "SELECT FROM a " + "CROSS JOIN a " * 40_000,
    "40,000 unions": lambda: "SELECT 1 " + "UNION SELECT 1 " * 40_000,
    "40,000 casts": lambda: "CREATE TABLE a (b int DEFAULT 1" + "::int" * 40_000 + ");",
    "40,000 times NOT": lambda: f"CREATE TABLE a (b int CHECK ({'NOT ' * 40_000}true));",
    "40,000 times IS NULL": lambda: f"CREATE TABLE a (b int CHECK (b {'IS NULL ' * 40_000}));",
    "20,000 brackets deep": lambda: f"CREATE TABLE a (b int CHECK ({'(' * 20_000}b > 1{')' * 20_000}));",
    "20,000 arrays deep": lambda: f"CREATE TABLE a (b int[] DEFAULT {'ARRAY[' * 20_000}1{']' * 20_000});",
    "150 brackets deep": lambda: f"CREATE TABLE a (b int CHECK ({'(' * 150}b > 1{')' * 150}));",
    "an array of 20,000 dimensions": lambda: f"CREATE TABLE a (b int{'[]' * 20_000});",
    "an array of 2^31 members": lambda: "CREATE TABLE a (b int[2147483647][2147483647] DEFAULT '[1:2147483647]={1}');",
    "a type of all sizes": lambda: (
        "CREATE TABLE a (b numeric(1000,1000), c varchar(99999999), d bit(99999999), e char(99999999999));"
    ),
    "names of 64 letters": lambda: f"CREATE TABLE {'n' * 64} ({'c' * 64} int); CREATE TABLE {'n' * 65} (a int);",
    "a name of 1 MB": lambda: f'CREATE TABLE "{"n" * 1_000_000}" (a int);',
    "100,000 statements": lambda: big(100_000, "CREATE TABLE t{} (a int);\n", ""),
    "100,000 settings": lambda: "SET a.b = 1;\n" * 100_000 + GOOD,
    "an enum of 100,000": lambda: f"CREATE TYPE e AS ENUM ({big(100_000, chr(39) + 'l{}' + chr(39))}); CREATE TABLE a (b e);",
    "2,000 partitions": lambda: (
        "CREATE TABLE p (a int) PARTITION BY LIST (a);"
        + big(2_000, "CREATE TABLE p{0} PARTITION OF p FOR VALUES IN ({0});", "")
    ),
    "one bound of 20,000": lambda: (
        f"CREATE TABLE p (a int) PARTITION BY LIST (a);CREATE TABLE q PARTITION OF p FOR VALUES IN ({big(20_000, '{}')});"
    ),
    "3,000 indexes": lambda: "CREATE TABLE a (b int);" + big(3_000, "CREATE INDEX i{} ON a (b);", ""),
    "domains in domains": lambda: (
        "CREATE DOMAIN d0 AS int;"
        + "".join(f"CREATE DOMAIN d{n + 1} AS d{n};" for n in range(2_000))
        + "CREATE TABLE a (b d2000);"
    ),
    "types in types": lambda: (
        "CREATE TYPE t0 AS (a int);"
        + "".join(f"CREATE TYPE t{n + 1} AS (a t{n}, b t{n});" for n in range(100))
        + "CREATE TABLE a (b t100);"
    ),
    "a type in itself": lambda: "CREATE TYPE t AS (a int); ALTER TYPE t ADD ATTRIBUTE b t[]; CREATE TABLE a (b t);",
    "a table in itself": lambda: "CREATE TABLE a (b int); ALTER TABLE a ADD COLUMN c a[]; ALTER TABLE a ADD COLUMN d a;",
    "1 GB of padding": lambda: (
        "CREATE TABLE a (b int); ALTER TABLE a ADD COLUMN c text DEFAULT concat("
        + ", ".join(["'a'::char(10485760)"] * 99)
        + ");"
    ),
    "1 GB of padding in a bound": lambda: (
        "CREATE TABLE p (a int) PARTITION BY LIST (a); CREATE TABLE q PARTITION OF p FOR VALUES IN"
        " (length(concat(" + ", ".join(["'a'::char(10485760)"] * 99) + ")));"
    ),
    "a NUL byte": lambda: GOOD + "\0" + GOOD,
    "lone surrogates": lambda: "CREATE TABLE \ud800 (a text DEFAULT '\udfff');",
    "broken UTF-8": lambda: b"CREATE TABLE a (b text DEFAULT '\xff\xfe\x80');".decode("utf-8", "surrogateescape"),
    "250 KB with lone surrogates": lambda: "CREATE TABLE a (b text DEFAULT '\ud800" + "x" * 250_000 + "');",
    "a regular expression that backtracks": lambda: (
        "CREATE TABLE p (x boolean) PARTITION BY LIST (x); CREATE TABLE q PARTITION OF p"
        f" FOR VALUES IN ('{'ab' * 3000}' ~ '^((a|b)*)*(.*)(.*)\\3\\4c$');"
    ),
}
