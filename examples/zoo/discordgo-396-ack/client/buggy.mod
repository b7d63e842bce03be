module client

go 1.25.0

require github.com/bwmarrin/discordgo v0.16.0

require (
	github.com/gorilla/websocket v1.5.3 // indirect
	golang.org/x/crypto v0.50.0 // indirect
	golang.org/x/sys v0.46.0 // indirect
)
