// A client on nhooyr.io/websocket that dials and closes 60 times, and reports how
// many goroutines there were before and after. The server is the argument or WS_URL.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"runtime"
	"time"

	"nhooyr.io/websocket"
)

// emit prints what happened as a line of JSON.
func emit(event string, fields map[string]any) {
	line := map[string]any{"event": event, "t": time.Now().UnixMilli()}
	maps.Copy(line, fields)
	text, _ := json.Marshal(line)
	fmt.Println(string(text))
}

func wsURL() string {
	if len(os.Args) > 1 {
		return os.Args[1]
	}
	return os.Getenv("WS_URL")
}

func main() {
	ctx := context.Background()
	once := func() {
		c, _, err := websocket.Dial(ctx, wsURL(), nil)
		if err != nil {
			emit("dial_error", map[string]any{"error": err.Error()})
			return
		}
		c.Write(ctx, websocket.MessageText, []byte("hi"))
		c.Close(websocket.StatusNormalClosure, "")
	}
	once()
	time.Sleep(300 * time.Millisecond)
	before := runtime.NumGoroutine()
	for i := 0; i < 60; i++ {
		once()
	}
	time.Sleep(time.Second)
	emit("goroutines", map[string]any{"before": before, "after": runtime.NumGoroutine(), "cycles": 60})
	select {}
}
