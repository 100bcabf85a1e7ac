-- What a reader of logical replication, for example Debezium, gets of the history (ops/debezium.md). gateway_migrator
-- runs this; it also needs the right CREATE on the database. The publication has no caller, no user and no broker of a
-- change. The table has no secret. Archiving deletes rows: the publication does not tell of it.
CREATE PUBLICATION connection_changes
    FOR TABLE connection_changes (
        id, connection_id, client_id, consumer_id, version, kind, redirect_uri_before, redirect_uri_after, door,
        request_id, changed_at
    )
    WITH (publish = 'insert');
