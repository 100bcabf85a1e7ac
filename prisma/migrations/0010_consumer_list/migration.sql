-- The connections of a consumer are listed newest first. Without the order in the index, PostgreSQL sorts all of them.
-- Building the index locks writes to "connections". On a large database, build it before with CREATE INDEX CONCURRENTLY
-- under this name.
CREATE INDEX IF NOT EXISTS "connections_consumer_id_inserted_at_id_idx"
  ON "connections"("consumer_id", "inserted_at", "id");
DROP INDEX IF EXISTS "connections_consumer_id_idx";
