vcl 4.1;
backend one {
	.host = "{{.UpstreamHost}}";
	.port = "{{.UpstreamPort}}";
	.connect_timeout = 2s;
	.first_byte_timeout = {{.Or "first_byte_timeout" "60s"}};
	.between_bytes_timeout = {{.Or "between_bytes_timeout" "60s"}};
}
{{if not (.Get "noupgrade")}}
sub vcl_recv {
	if (req.http.upgrade ~ "(?i)websocket") { return (pipe); }
}
sub vcl_pipe {
	if (req.http.upgrade) {
		set bereq.http.upgrade = req.http.upgrade;
		set bereq.http.connection = req.http.connection;
	}
}
{{end}}
