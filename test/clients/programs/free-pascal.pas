{ Free Pascal's TFPHTTPClient, as Lazarus programs use it. An empty list of allowed codes lets refusals through.
  KeepConnection stays off: where a kept connection ends, the client sends a PATCH again without its body. }
{$mode objfpc}{$H+}
program free_pascal;

uses
  Classes, SysUtils, fphttpclient, fpjson;

var
  Client: TFPHTTPClient;
  Line: string;

function Send(const Words: TStringArray): string;
var
  Answer: TStringStream;
  Header, Etag: string;
  I: Integer;
begin
  Client.RequestHeaders.Clear;
  for I := 3 to High(Words) do
  begin
    Header := Words[I];
    Client.AddHeader(Copy(Header, 1, Pos(': ', Header) - 1), Copy(Header, Pos(': ', Header) + 2, Length(Header)));
  end;
  if Words[2] <> '-' then Client.RequestBody := TStringStream.Create(Words[2]);
  Answer := TStringStream.Create('');
  try
    try
      Client.HTTPMethod(Words[0], Words[1], Answer, []);
      if Client.ResponseStatusCode = 0 then raise Exception.Create('no answer');
      Etag := Trim(Client.GetHeader(Client.ResponseHeaders, 'ETag'));
      if Etag = '' then Etag := 'null' else Etag := '"' + StringToJSONString(Etag) + '"';
      Result := Answer.DataString;
      if Result = '' then Result := 'null';
      Result := Format('{"status":%d,"etag":%s,"body":%s}', [Client.ResponseStatusCode, Etag, Result]);
    except
      on Failure: Exception do Result := Format('{"error":"%s"}', [StringToJSONString(Failure.Message)]);
    end;
  finally
    Answer.Free;
    Client.RequestBody.Free;
    Client.RequestBody := nil;
  end;
end;

begin
  Client := TFPHTTPClient.Create(nil);
  Client.IOTimeout := 20000;
  WriteLn('{"version":"Free Pascal ', {$I %FPCVERSION%}, '"}');
  Flush(Output);
  while not Eof do
  begin
    ReadLn(Line);
    WriteLn(Send(Line.Split([#9])));
    Flush(Output);
  end;
end.
