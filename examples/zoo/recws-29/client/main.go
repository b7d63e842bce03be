// A RecConn of recws, read for ever. The server is the argument or WS_URL;
// KEEPALIVE_MS sets KeepAliveTimeout (off).
package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"strconv"
	"time"

	"github.com/recws-org/recws"
)

// emit prints what happened as a line of JSON.
func emit(event string, fields map[string]any) {
	line := map[string]any{"event": event, "t": time.Now().UnixMilli()}
	maps.Copy(line, fields)
	text, _ := json.Marshal(line)
	fmt.Println(string(text))
}

func main() {
	url := os.Getenv("WS_URL")
	if len(os.Args) > 1 {
		url = os.Args[1]
	}
	rc := recws.RecConn{
		RecIntvlMin:      200 * time.Millisecond,
		RecIntvlMax:      time.Second,
		RecIntvlFactor:   1.5,
		HandshakeTimeout: 2 * time.Second,
	}
	if ms, _ := strconv.Atoi(os.Getenv("KEEPALIVE_MS")); ms > 0 {
		rc.KeepAliveTimeout = time.Duration(ms) * time.Millisecond
	}
	rc.Dial(url, nil)
	emit("dialed", map[string]any{"connected": rc.IsConnected()})
	last := ""
	for {
		if !rc.IsConnected() {
			time.Sleep(50 * time.Millisecond)
			continue
		}
		_, m, err := rc.ReadMessage()
		if err != nil {
			if err.Error() != last {
				emit("read_error", map[string]any{"error": err.Error()})
			}
			last = err.Error()
			time.Sleep(20 * time.Millisecond)
			continue
		}
		emit("message", map[string]any{"data": string(m)})
	}
}
