-- A poll reads the oldest events that wait. Without the order in the index, PostgreSQL sorts all of them at each poll.
-- Building the index locks writes to "event_deliveries", so deliveries wait; writes to "connections" do not.
CREATE INDEX IF NOT EXISTS "event_deliveries_waiting_idx"
  ON "event_deliveries"("subscription_id", "number") WHERE "state" = 'PENDING';
