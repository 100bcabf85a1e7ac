-- What the serving role may do, and nothing more. After the migrations, at every upgrade, by gateway_migrator; running it again does no harm.
-- Column by column, so that a mistake in the gateway cannot read what it has no business with (secrets of clients, addresses of users)
-- or move a connection to another client.

GRANT USAGE ON SCHEMA public TO gateway;

-- Readiness: is the database as this version of the gateway wants it?
GRANT SELECT (migration_name, finished_at, rolled_back_at) ON _prisma_migrations TO gateway;

-- `priv_settings` say whether a client acts through a broker.
GRANT SELECT (id, name, settings, priv_settings, user_id, client_type_id, is_blocked, block_reason, inserted_at, updated_at)
    ON clients TO gateway;
GRANT SELECT (id, name) ON client_types TO gateway;
GRANT SELECT (id, is_blocked) ON users TO gateway;

-- `secret` is read where an API key is compared, and written where a new one is made.
GRANT SELECT ON connections TO gateway;
GRANT UPDATE (redirect_uri, secret, version, updated_at) ON connections TO gateway;
GRANT DELETE ON connections TO gateway;

-- Rows are written by a trigger with the rights of its owner: nobody else can add one, and nobody at all can change one.
GRANT SELECT ON connection_changes TO gateway;
