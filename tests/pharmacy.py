"""A pharmacy that sells by mail: another organization, with a runbook, tables and words of its own."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from psycopg import sql

from bot.core.runbook import Runbook, load_runbook
from tests.database.server import Database
from tests.demo_runbook import with_durations
from tests.simulator import vercel_cast as the
from tests.world import BEN, CHLOE, SHORT, World

RUNBOOK = (Path(__file__).parent / "runbooks" / "pharmacy.toml").read_text(encoding="utf-8")
ENVIRONMENT = {
    "FREIGABE": f"{BEN},{CHLOE}",
    "INTERN": "C_GENERAL",
    "ANMELDUNG_SCHLUESSEL": "anon-key",
    "PRUEF_KONTO": "check@ibam.example",
    "PRUEF_KENNWORT": "correct horse",
}
SITE = "https://versand.loewen-apotheke.example"
SCENARIO, ORDERS, ITEMS = "bestellungen-kaputt", "Bestellungen", "Bestell-Positionen"

_TABLES = sql.SQL("""
CREATE SCHEMA "Verkauf";
CREATE TABLE "Verkauf"."Bestellungen" (
  "Nr" integer PRIMARY KEY, "Kundin/Kunde" text NOT NULL, "Betrag" numeric(9, 2) NOT NULL,
  "geändert am" timestamptz NOT NULL DEFAULT now(), "storniert am" timestamptz
);
CREATE TABLE "Verkauf"."Bestell-Positionen" (
  "Nr" integer REFERENCES "Verkauf"."Bestellungen", "Pos." smallint, "Größe" text, PRIMARY KEY ("Nr", "Pos.")
);
INSERT INTO "Verkauf"."Bestellungen" ("Nr", "Kundin/Kunde", "Betrag")
VALUES (1, 'Jürgen Groß', 12.50), (2, 'Ayşe Öztürk', 7.95), (3, 'Zoë Weiß', 31.00);
INSERT INTO "Verkauf"."Bestell-Positionen" VALUES (1, 1, 'N1'), (2, 1, 'N2'), (3, 1, 'N3'), (3, 2, '50 ml');
CREATE TABLE "Verkauf".{orders} AS TABLE "Verkauf"."Bestellungen";
CREATE TABLE "Verkauf".{items} AS TABLE "Verkauf"."Bestell-Positionen";
""")
_DAMAGE = sql.SQL("""
ALTER TABLE "Verkauf"."Bestellungen" ADD COLUMN "Rezept_Art" text;
UPDATE "Verkauf"."Bestellungen" SET "Betrag" = 0, "geändert am" = now();
UPDATE "Verkauf"."Bestellungen" SET "storniert am" = now() WHERE "Nr" = 2;
DELETE FROM "Verkauf"."Bestell-Positionen" WHERE "Nr" = 3;
""")


def pharmacy() -> Runbook:
    """Its runbook, loaded."""
    return load_runbook(RUNBOOK, {**ENVIRONMENT, "ANMELDUNG_URL": "https://anmeldung.loewen-apotheke.example"})


def furnish(database: Database) -> None:
    """Its tables with their backups of today, and what a bad deployment did to them."""
    names = {
        key: sql.Identifier(f"Sicherung {table} vom {datetime.now(UTC):%Y%m%d}")
        for key, table in (("orders", ORDERS), ("items", ITEMS))
    }
    with database.owner() as owner:
        owner.execute(_TABLES.format(**names))
        owner.execute(_DAMAGE)


@contextmanager
def world_of(folder: Path, runbook: str, *, database: str = "", **env: str) -> Iterator[World]:
    """A world with another organization's runbook, whose bot is running and has no setting that it doesn't need.

    Site and project become those of the stand-ins, which are one organization's.
    """
    world = World(folder, env=env, database=database)
    for table, setting in (("[vercel]", "VERCEL_TOKEN"), ("[database]", "DATABASE_URL")):
        if table not in runbook:
            del world.env[setting]
    world.vercel.project_scoped = True
    for of_theirs, ours in ((SITE, world.site.url), ("apotheke-versand", the.PROJECT), ('"loewen"', f'"{the.TEAM}"')):
        runbook = runbook.replace(of_theirs, ours)
    world.runbook.write_text(runbook, encoding="utf-8")
    world.env["ANMELDUNG_URL"] = world.site.url
    try:
        yield world.start()
    finally:
        world.close()


def pharmacy_world(folder: Path, database: Database) -> AbstractContextManager[World]:
    """The pharmacy's, which waits for seconds only."""
    return world_of(folder, with_durations(RUNBOOK, SHORT), database=database.url, **ENVIRONMENT)
