-- The inbox has no key. PostgreSQL refuses to delete from such a table while a publication FOR ALL TABLES has it, as in
-- an upgrade by logical replication (ops/README.md). Events would stop until its end. The whole row names the row then.
-- An insert costs no more, and a delete logs the row only with "wal_level" = logical.
ALTER TABLE "event_inbox" REPLICA IDENTITY FULL;
