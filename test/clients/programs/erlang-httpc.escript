#!/usr/bin/env escript
%% Erlang's httpc, as Elixir programs without packages use it. The type of a body is an argument, not a header.

send(Method, Url, Body, Headers) ->
    Request = case Method of
        patch ->
            Type = proplists:get_value("Content-Type", Headers, ""),
            {Url, proplists:delete("Content-Type", Headers), Type, Body};
        _ -> {Url, Headers}
    end,
    case httpc:request(Method, Request, [{timeout, 20000}], [{body_format, binary}]) of
        {ok, {{_, Status, _}, Received, Answer}} ->
            Etag = case proplists:get_value("etag", Received) of undefined -> "null"; Value -> quote(Value) end,
            Content = case Answer of <<>> -> <<"null">>; _ -> Answer end,
            io_lib:format("{\"status\":~b,\"etag\":~s,\"body\":~s}", [Status, Etag, Content]);
        {error, Reason} -> ["{\"error\":", quote(lists:flatten(io_lib:format("~0p", [Reason]))), "}"]
    end.

quote(Text) -> [$", string:replace(string:replace(Text, "\\", "\\\\", all), "\"", "\\\"", all), $"].

loop() ->
    case io:get_line("") of
        eof -> ok;
        Line ->
            [Method, Url, Body | Headers] = string:split(string:chomp(Line), "\t", all),
            Pairs = [{Name, Value} || Header <- Headers, [Name, Value] <- [string:split(Header, ": ")]],
            Content = case Body of "-" -> ""; _ -> Body end,
            io:put_chars([send(list_to_atom(string:lowercase(Method)), Url, Content, Pairs), "\n"]),
            loop()
    end.

main(_) ->
    {ok, _} = application:ensure_all_started(inets),
    {ok, Version} = application:get_key(inets, vsn),
    io:format("{\"version\":\"inets ~s, Erlang/OTP ~s\"}~n", [Version, erlang:system_info(otp_release)]),
    loop().
