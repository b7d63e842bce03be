module client

go 1.25.0

require github.com/recws-org/recws v1.2.2

require (
	github.com/gorilla/websocket v1.4.1 // indirect
	github.com/jpillora/backoff v0.0.0-20180909062703-3050d21c67d7 // indirect
)
