// A Session of discordgo, which asks HTTP_URL/gateway (or that of the argument) for
// the URL of its WebSocket.
package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"time"

	"github.com/bwmarrin/discordgo"
)

// emit prints what happened as a line of JSON.
func emit(event string, fields map[string]any) {
	line := map[string]any{"event": event, "t": time.Now().UnixMilli()}
	maps.Copy(line, fields)
	text, _ := json.Marshal(line)
	fmt.Println(string(text))
}

func main() {
	base := os.Getenv("HTTP_URL")
	if len(os.Args) > 1 {
		base = os.Args[1]
	}
	discordgo.EndpointGateway = base + "/gateway"
	s, err := discordgo.New("Bot x")
	if err != nil {
		emit("error", map[string]any{"error": err.Error()})
		os.Exit(1)
	}
	s.LogLevel = discordgo.LogInformational
	s.AddHandler(func(s *discordgo.Session, e *discordgo.Connect) { emit("connect", nil) })
	s.AddHandler(func(s *discordgo.Session, e *discordgo.Disconnect) { emit("disconnect", nil) })
	if err := s.Open(); err != nil {
		emit("open_error", map[string]any{"error": err.Error()})
	}
	select {}
}
