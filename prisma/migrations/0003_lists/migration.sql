-- A migration of its own: in one transaction with an ALTER TABLE of "connections" sign-in would wait until all of them are built.
-- Indexes for lists. Building them locks writes to the table for as long as it takes; on a large database build them beforehand
-- with CREATE INDEX CONCURRENTLY under these names, and nothing is left to do here.
CREATE EXTENSION IF NOT EXISTS "pg_trgm";
CREATE INDEX IF NOT EXISTS "clients_name_trgm_idx" ON "clients" USING GIN ("name" gin_trgm_ops);
CREATE INDEX IF NOT EXISTS "clients_inserted_at_id_idx" ON "clients"("inserted_at", "id");
CREATE INDEX IF NOT EXISTS "clients_user_id_inserted_at_id_idx" ON "clients"("user_id", "inserted_at", "id");
CREATE INDEX IF NOT EXISTS "clients_is_blocked_inserted_at_id_idx" ON "clients"("is_blocked", "inserted_at", "id");
-- None on "redirect_uri", on purpose: connections are listed within a client, which the next one serves, and an index on the very
-- column that every update changes would make each of them half as dear again (ARCHITECTURE.md, decision 13).
CREATE INDEX IF NOT EXISTS "connections_client_id_inserted_at_id_idx" ON "connections"("client_id", "inserted_at", "id");
CREATE INDEX IF NOT EXISTS "connections_consumer_id_idx" ON "connections"("consumer_id");
