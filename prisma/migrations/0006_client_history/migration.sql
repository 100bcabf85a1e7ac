-- The history of a client, deleted connections included, is read in the order of its changes. Building the index locks writes of history
-- for as long as it takes; on a large database build it beforehand with CREATE INDEX CONCURRENTLY under this name.
CREATE INDEX IF NOT EXISTS "connection_changes_client_id_id_idx" ON "connection_changes"("client_id", "id");
