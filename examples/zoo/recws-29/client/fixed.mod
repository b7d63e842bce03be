module client

go 1.25.0

require github.com/recws-org/recws v1.3.1

require (
	github.com/gorilla/websocket v1.4.2 // indirect
	github.com/jpillora/backoff v1.0.0 // indirect
)
