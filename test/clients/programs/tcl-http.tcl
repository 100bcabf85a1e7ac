# Tcl's http package. The type of a body is an option, not a header.
package require http

proc send {method url body headers} {
    set options [list -method $method -timeout 20000 -keepalive 1]
    if {$method eq "HEAD"} { lappend options -validate 1 }
    if {[dict exists $headers Content-Type]} { lappend options -type [dict get $headers Content-Type] }
    if {$method eq "PATCH"} { lappend options -query [encoding convertto utf-8 $body] }
    lappend options -headers [dict remove $headers Content-Type]
    if {[catch {http::geturl $url {*}$options} token]} { return "{\"error\":[quote $token]}" }
    set failed [http::status $token]
    if {$failed ne "ok"} {
        append failed " " [http::error $token]
        http::cleanup $token
        return "{\"error\":[quote $failed]}"
    }
    set etag null
    foreach {name value} [http::meta $token] { if {[string equal -nocase $name etag]} { set etag [quote $value] } }
    set answer [http::data $token]
    if {$answer eq ""} { set answer null }
    set seen "{\"status\":[http::ncode $token],\"etag\":$etag,\"body\":$answer}"
    http::cleanup $token
    return $seen
}

proc quote {text} { return "\"[string map {\\ \\\\ \" \\\" \n \\n} $text]\"" }

fconfigure stdout -buffering line
puts "{\"version\":\"http [package present http], Tcl [info patchlevel]\"}"
while {[gets stdin line] >= 0} {
    set words [split $line \t]
    lassign $words method url body
    set headers {}
    foreach header [lrange $words 3 end] {
        set colon [string first ": " $header]
        dict set headers [string range $header 0 $colon-1] [string range $header $colon+2 end]
    }
    puts [send $method $url [expr {$body eq "-" ? "" : $body}] $headers]
}
