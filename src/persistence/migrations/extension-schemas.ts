/**
 * A statement that appends the schemas of our extensions to the search path until the transaction ends. An operator may
 * have put the extensions into a schema of their own.
 */
export const findExtensions = `
  SELECT set_config('search_path', concat_ws(', ', nullif(current_setting('search_path'), ''), elsewhere.schemas), true)
    FROM (SELECT string_agg(DISTINCT quote_ident(nspname), ', ') AS schemas
            FROM pg_extension JOIN pg_namespace ON pg_namespace.oid = extnamespace
           WHERE extname IN ('citext', 'pg_trgm') AND nspname <> ALL (current_schemas(true))) AS elsewhere`
