import { consoleEn } from './console-en.ts'
import { consoleEventsEn } from './console-events-en.ts'

/**
 * The English sentences for people, as ICU MessageFormat. Each says what is wrong and what to do, and never repeats a
 * value of the caller. `outcome.*`, `violation.*` and `warning.*` are named as in the domain. Programs read codes and
 * the specification's texts, which are not here.
 */
export const en = {
  'outcome.accessDenied': 'You are not signed in, your sign-in has expired, or access is blocked. Sign in again.',
  'outcome.invalidScopes':
    'You do not have the permission for this action. Ask your administrator for it, then sign in again.',
  'outcome.forbidden':
    'Access refused: this client is not yours, or the key belongs to another consumer. ' +
    'Choose your own client, or check the key.',
  'outcome.apiKeyMissing': 'This action needs the key of the consumer. Enter it (the API-key header).',
  'outcome.apiKeyInvalid': 'The key of the consumer is not valid. Check the API-key header.',
  'outcome.notFound': 'There is nothing at this address. It may have been deleted; check the address or the id.',
  'outcome.conflict':
    'Somebody else has changed this connection in the meantime. Nothing was saved. Look at the new value and ' +
    'decide again.',
  'outcome.eventsOff': 'This gateway sends no events. Ask its operator to switch them on.',
  'outcome.subscriptionState':
    'The subscription has another state or method than this action needs. Look at it and choose another action.',
  'outcome.tooManySubscriptions': 'The client owns as many subscriptions as allowed. Delete one that is not needed.',
  'outcome.validationFailed': 'Nothing was saved: some values are not valid. Correct them and try again.',
  'outcome.tooManyRequests': 'Too many requests. Try again in {seconds, plural, one {# second} other {# seconds}}.',
  'outcome.tooManyWaits': 'Too many programs of this client wait for events. Poll each subscription once at a time.',
  'outcome.unavailable': 'The service is not available at the moment. Try again a little later.',
  'outcome.unavailableFor':
    'The service is not available at the moment. Try again in {seconds, plural, one {# second} other {# seconds}}.',
  'outcome.internal':
    'The gateway has a fault of its own. Try again later; if it stays, tell support the number of the request.',

  'outcome.malformedRequest': 'The program has sent a request that cannot be read. Tell the developer of the program.',
  'outcome.documentUnknown': 'The gateway does not know a query with this id. Send the full text of the query.',
  'outcome.documentNotPersisted': 'This gateway runs only queries that it knows. Send the id of one (documentId).',
  'outcome.methodNotAllowed': 'This address does not know this method. The Allow header names the methods it knows.',
  'outcome.notAcceptable':
    'The gateway answers in JSON only, but the program accepts another format. Correct the Accept header.',
  'outcome.requestTimeout': 'The request took too long to arrive. Check your network and try again.',
  'outcome.requestTooLarge': 'The request is too large. Make it smaller and try again.',
  'outcome.unsupportedMediaType':
    'The body of the request has an unknown format. Send JSON in UTF-8 (application/json), not compressed.',
  'outcome.headersTooLarge': 'The headers of the request are too large. Make them smaller and try again.',

  'reason.http_version': 'Only HTTP/1.0 and HTTP/1.1 are understood. Use one of these versions.',
  'reason.transfer_encoding': 'HTTP/1.0 knows no Transfer-Encoding. Use HTTP/1.1, or leave the header out.',
  'reason.host_header': 'The request needs exactly one Host header. Correct it.',
  'reason.host_name': 'The Host header names no host. Correct it.',
  'reason.body_empty': 'The body of the request is empty. Send a GraphQL query in it.',
  'reason.body_not_utf8': 'The body of the request is not UTF-8. Save the text in UTF-8 and send it again.',
  'reason.body_byte_order_mark': 'The body of the request begins with a byte-order mark. Remove it.',
  'reason.body_not_json': 'The body of the request is not valid JSON. Correct it.',
  'reason.body_too_deep': 'The body of the request is nested too deeply. Simplify it.',
  'reason.body_repeated_member': 'The body of the request names a member twice. Leave one of them.',
  'reason.entity_tags': 'The header {name} is no list of entity tags. Correct it.',
  'reason.write_if_none_match': 'The header {name} of a write may be * only. Correct it, or use If-Match.',
  'reason.content_coding': 'The body of the request is compressed. Send it without compression (Content-Encoding).',
  'reason.loopback_only': 'The development issuer answers this machine only. Open the page as http://localhost.',
  'reason.post_only': 'Queries are read by POST only. Set your program to send them by POST.',
  'reason.document_id': 'The id of a query must be a string. Correct documentId.',
  'reason.document_id_and_query': 'The request has both an id and the text of a query. Send one of them.',

  'document.parse_failed': 'The GraphQL query cannot be parsed. Correct its syntax.',
  'document.not_valid': 'The GraphQL query does not fit the schema. Correct its fields and arguments.',
  'document.not_executable': 'The GraphQL query or its variables cannot be executed. Correct them.',
  'document.limit.tokens': 'The query has more than {max, plural, one {# token} other {# tokens}}. Shorten it.',
  'document.limit.lines': 'The query has more than {max, plural, one {# line} other {# lines}}. Shorten it.',
  'document.limit.depth': 'The query is nested deeper than {max, plural, one {# level} other {# levels}}. Simplify it.',
  'document.limit.aliases':
    'The query has more than {max, plural, one {# alias} other {# aliases}}. Split it into several queries.',
  'document.limit.directives':
    'The query has more than {max, plural, one {# directive} other {# directives}}. Simplify it.',
  'document.limit.fields': 'The query selects more than {max, plural, one {# field} other {# fields}}. Select fewer.',
  'document.limit.queryFields':
    'The query has more than {max, plural, one {# field} other {# fields}} of Query. Split it into several queries.',
  'document.limit.mutationFields':
    'The query makes more than {max, plural, one {# change} other {# changes}}. Split it into several queries.',
  'document.limit.items':
    'The answer could hold more than {max, plural, one {# item} other {# items}}. Ask for smaller pages.',
  'document.limit.values': 'The variables hold more than {max, plural, one {# value} other {# values}}. Send fewer.',

  'violation.required': 'The field {property} is missing. Fill it in.',
  'violation.type':
    'The value has another type. Expected: ' +
    '{expected, select, string {a text} boolean {true or false} object {an object} other {{expected}}}. Got: ' +
    '{actual, select, null {nothing (null)} boolean {true or false} integer {a whole number} number {a number} ' +
    'array {a list} object {an object} string {a text} other {{actual}}}.',
  'violation.pattern': 'The redirect URI must begin with https:// in small letters, and something must follow.',
  'violation.length':
    'At most {max, plural, one {# character is} other {# characters are}} allowed, but there {actual, plural, ' +
    'one {is #} other {are #}}. Shorten the text.',
  'violation.not_storable': 'The text holds a character that cannot be stored (NUL or broken Unicode). Remove it.',
  'violation.uuid': 'The id is not a UUID. Check whether it was copied whole.',
  'violation.host_name': 'This is not the name of a host. Enter the host alone, without scheme, port and path.',
  'violation.range': 'The number must be from {min} to {max}.',
  'violation.repeated': 'The parameter was given more than once. Leave it once.',
  'violation.whole_number': 'A whole number is needed here, at least {min}.',
  'violation.cursor': 'This is not a place in this list. Open the list from its beginning.',
  'violation.cursor_direction': 'after cannot be combined with last or before. Leave one direction.',
  'violation.one_of': 'This value is not known. Choose one of: {values}.',
  'violation.empty_list': 'The list is empty. Choose at least one item.',
  'violation.date_time': 'This is not a time. Write it as 2026-11-27T18:00:00Z.',
  'violation.time_order': 'The end of the time must be later than its beginning.',
  'violation.replay_range': 'Choose either a time (from and to) or a connection.',
  'violation.event_ids': 'Send the ids of 1 to {max} events as they came, for example chg_17.',
  'violation.url_of_poll': 'Events that are fetched need no address. Leave it out.',
  'violation.reach_all': 'Events of all connections are for your own client only. Choose another reach.',
  'violation.change_kind': 'This change did not touch the redirect URI, so there is nothing to put back.',
  'violation.invisible_character':
    'There is a character that cannot be seen ({character}): a blank, a control character, or broken text. Remove it.',
  'violation.delimiter': "The character {character} is not allowed. Remove any of \\ '<' '>' \" ` '{' '}' | ^ *",
  'violation.fragment': 'A fragment (# and all behind it) is not allowed. Remove it together with the #.',
  'violation.percent_digits': 'Two hexadecimal digits must follow each %. Correct the encoding.',
  'violation.percent_control': 'An encoded control character (such as %00 or %0A) is not allowed. Remove it.',
  'violation.percent_utf8': 'The encoded characters (%XX) are not valid UTF-8. Encode them again.',
  'violation.user_info': 'A user name or a password before @ is not allowed. Remove all up to the @.',
  'violation.port':
    'The port must be a number from 1 to 65535 without leading zeros. Correct it, or remove it with the colon.',
  'violation.host_empty': 'The host is missing. Write it after https://',
  'violation.host_brackets': 'An address in brackets (IPv6) is not allowed as host. Use a domain name.',
  'violation.host_character':
    'The character {character} is not allowed in the host. Letters, digits, hyphens and underscores are.',
  'violation.host_empty_label':
    'The host has two dots in a row, or a dot at its beginning or end. Remove the extra one.',
  'violation.host_one_label': 'The host needs at least two parts with a dot between them, for example example.ua.',
  'violation.host_length': 'The host is too long: at most 63 characters in each part and 253 in all. Shorten it.',
  'violation.host_hyphen': 'A part of the host begins or ends with a hyphen. Remove it.',
  'violation.host_form':
    'The host is not in its standard form: browsers would open another name. Write it in small, ordinary letters.',
  'violation.host_number':
    'A host that ends in a number must be an IPv4 address: four numbers from 0 to 255 without leading zeros.',
  'violation.host_special':
    'This address is of a local machine or reserved. Use an address that is public, or of your network.',
  'violation.host_localhost': 'localhost is the own machine of each reader. Use the domain name of the system.',
  'violation.dot_segment': 'The path has a segment "." or "..". Write the path without them.',
  'violation.dot_segment_parameters': 'The path has a segment ".;" or "..;". Write the path without them.',
  'violation.encoded_slash': 'The path has an encoded slash (%2F or %5C) beside two dots. Write the path without them.',
  'violation.target_port': 'The address for events has another port than 443. Leave the port out.',
  'violation.target_address':
    'The host is an address of a private or special network. Enter the public name of the server.',
  'violation.challenge_status':
    'The server at the address refused the challenge. It must answer it with 200 and the challenge.',
  'violation.challenge_echo': 'The server at the address did not repeat the challenge. It must send the text back.',
  'violation.challenge_address': 'The name of the server has no address to which events may be sent. Check the name.',
  'violation.challenge_timeout': 'The server at the address did not answer in time. Check that it runs, and try again.',
  'violation.challenge_tls':
    'No secure connection to the server at the address. Check its certificate and the chain of certificates.',
  'violation.challenge_connection':
    'No connection to the server at the address. Check that it runs and can be reached.',

  'warning.host_changed': 'The host is another one: users would be sent to another server after sign-in.',
  'warning.path_changed': 'The path differs from the stored one.',
  'warning.query_changed': 'The query (the part behind ?) differs from the stored one.',
  'warning.port_given': 'A port is given. The consumer must name the same port in every request.',
  'warning.ip_host': 'The host is an address, not a name. Certificates are rarely made for addresses.',
  'warning.internationalized_host':
    'The host has letters that are not Latin. Compare its technical form (xn--…) letter by letter.',
  'warning.mixed_alphabets': 'A part of the host mixes letters of several alphabets: {scripts}. Is it a look-alike?',
  'warning.mixed_alphabets_unnamed': 'A part of the host mixes letters of several alphabets. Is it a look-alike?',
  'warning.looks_latin': 'A part of the host is in Cyrillic letters that all look like Latin ones. Is it a look-alike?',
  'warning.several_values': 'The text seems to hold several addresses. One connection has one redirect URI.',
  'warning.answer_parameters':
    'The query holds parameters of an answer to sign-in (code, state or error). Was it copied from the browser? ' +
    'Remove them.',
  'warning.empty_query': 'The address ends in a bare question mark. The consumer must send it in every request, too.',
  'warning.stored_http': 'The present value begins with http:, and could not be put back after the change.',

  alphabet: '{name, select, Han {Chinese} other {{name}}}',

  ...consoleEn,
  ...consoleEventsEn,
} as const satisfies Record<string, string>

/** The id of a sentence. A language with another set of ids does not compile. */
export type MessageId = keyof typeof en
