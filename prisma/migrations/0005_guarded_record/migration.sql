-- The functions that write the record run with the rights of their owner, and whoever may execute one may make a trigger of it: on a
-- temporary table, which everybody may have, to write any row at all. PostgreSQL lets everybody execute a new function; it asks when a
-- trigger is made and not when one fires, so those of "connections" go on as they are.
REVOKE EXECUTE ON FUNCTION "record_redirect_uri_change"(), "record_secret_change"(), "record_connection_delete"() FROM PUBLIC;
