module client

go 1.25.0

require github.com/ethereum/go-ethereum v1.9.0

require (
	github.com/aristanetworks/goarista v0.0.0-20190712234253-ed1100a1c015 // indirect
	github.com/davecgh/go-spew v1.1.1 // indirect
	github.com/deckarep/golang-set v1.8.0 // indirect
	github.com/go-stack/stack v1.8.1 // indirect
	github.com/rs/cors v1.11.1 // indirect
	golang.org/x/net v0.56.0 // indirect
	gopkg.in/natefinch/npipe.v2 v2.0.0-20160621034901-c1b8fa8bdcce // indirect
)
