module client

go 1.25.0

require nhooyr.io/websocket v1.8.6

require github.com/klauspost/compress v1.10.3 // indirect
