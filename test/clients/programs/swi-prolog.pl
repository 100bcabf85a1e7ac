% SWI-Prolog's http_open. The type of a body is part of post(...), and status_code(...) lets refusals through.
:- use_module(library(http/http_open)).
:- use_module(library(http/json)).
:- use_module(library(readutil)).

ask(Method, Url, Body, Headers, _{status: Status, etag: Etag, body: Answer}) :-
    downcase_atom(Method, Verb),
    findall(request_header(Name = Value), (member(Name-Value, Headers), Name \= "Content-Type"), Options),
    (   Verb == patch
    ->  (Body == "" -> Type = text/plain ; Type = application/json), Content = [post(bytes(Type, Body))]
    ;   Content = []
    ),
    append(Options, Content, All),
    setup_call_cleanup(
        http_open(Url, Stream, [method(Verb), status_code(Status), header(etag, Tag), timeout(20) | All]),
        read_string(Stream, _, Text),
        close(Stream)),
    (Tag == '' -> Etag = null ; Etag = Tag),
    (Text == "" -> Answer = null ; atom_json_dict(Text, Answer, [])).

main :-
    current_prolog_flag(version, Number),
    Major is Number // 10000, Minor is Number // 100 mod 100, Patch is Number mod 100,
    format('{"version":"SWI-Prolog ~d.~d.~d"}~n', [Major, Minor, Patch]),
    flush_output,
    loop.

loop :-
    read_line_to_string(user_input, Line),
    (   Line == end_of_file
    ->  true
    ;   split_string(Line, "\t", "", [Method, Url, Given | Rest]),
        (Given == "-" -> Body = "" ; Body = Given),
        findall(Name-Value, (member(Header, Rest), once(sub_string(Header, B, 2, A, ": ")),
            sub_string(Header, 0, B, _, Name), sub_string(Header, _, A, 0, Value)), Headers),
        catch(ask(Method, Url, Body, Headers, Seen), Failure, (message_to_codes(Failure, Text), Seen = _{error: Text})),
        json_write_dict(current_output, Seen, [width(0)]), nl, flush_output,
        loop
    ).

message_to_codes(Failure, Text) :- term_to_atom(Failure, Text).

:- initialization((main, halt), main).
