-- Mithril's part, as Mithril's own migrations leave it. On an existing Mithril database this one is never run:
-- `npm run db:baseline` records it as applied.

CREATE EXTENSION IF NOT EXISTS "citext";

CREATE TABLE "users" (
    "id" UUID NOT NULL,
    "email" CITEXT,
    "is_blocked" BOOLEAN NOT NULL DEFAULT false,
    "block_reason" VARCHAR(255),
    "inserted_at" TIMESTAMP(6) NOT NULL,
    "updated_at" TIMESTAMP(6) NOT NULL,
    CONSTRAINT "users_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "client_types" (
    "id" UUID NOT NULL,
    "name" VARCHAR(255) NOT NULL,
    "scope" VARCHAR(2048),
    "inserted_at" TIMESTAMP(6) NOT NULL,
    "updated_at" TIMESTAMP(6) NOT NULL,
    CONSTRAINT "client_types_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "client_types_name_index" ON "client_types"("name");

CREATE TABLE "clients" (
    "id" UUID NOT NULL,
    "name" VARCHAR(255),
    "secret" VARCHAR(255),
    "redirect_uri" VARCHAR(255),
    "settings" JSONB,
    "priv_settings" JSONB,
    "user_id" UUID,
    "client_type_id" UUID NOT NULL,
    "is_blocked" BOOLEAN NOT NULL DEFAULT false,
    "block_reason" VARCHAR(255),
    "inserted_at" TIMESTAMP(6) NOT NULL,
    "updated_at" TIMESTAMP(6) NOT NULL,
    CONSTRAINT "clients_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "clients_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE NO ACTION ON UPDATE NO ACTION,
    CONSTRAINT "clients_client_type_id_fkey" FOREIGN KEY ("client_type_id") REFERENCES "client_types"("id") ON DELETE NO ACTION ON UPDATE NO ACTION
);

CREATE TABLE "connections" (
    "id" UUID NOT NULL,
    "secret" VARCHAR(255) NOT NULL,
    "redirect_uri" VARCHAR(255) NOT NULL,
    "client_id" UUID NOT NULL,
    "consumer_id" UUID NOT NULL,
    "inserted_at" TIMESTAMP(6) NOT NULL,
    "updated_at" TIMESTAMP(6) NOT NULL,
    CONSTRAINT "connections_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "connections_client_id_fkey" FOREIGN KEY ("client_id") REFERENCES "clients"("id") ON DELETE CASCADE ON UPDATE NO ACTION,
    CONSTRAINT "connections_consumer_id_fkey" FOREIGN KEY ("consumer_id") REFERENCES "clients"("id") ON DELETE CASCADE ON UPDATE NO ACTION
);
CREATE UNIQUE INDEX "connections_secret_index" ON "connections"("secret");
CREATE UNIQUE INDEX "connections_client_id_consumer_id_index" ON "connections"("client_id", "consumer_id");

CREATE TABLE "tokens" (
    "id" UUID NOT NULL,
    "name" VARCHAR(255),
    "value" VARCHAR(255),
    "expires_at" INTEGER,
    "details" JSONB,
    "user_id" UUID,
    "inserted_at" TIMESTAMP(6) NOT NULL,
    "updated_at" TIMESTAMP(6) NOT NULL,
    CONSTRAINT "tokens_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "tokens_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE NO ACTION ON UPDATE NO ACTION
);
CREATE UNIQUE INDEX "tokens_value_name_index" ON "tokens"("value", "name");
