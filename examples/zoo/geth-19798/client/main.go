// go-ethereum's rpc.Client, subscribed to newHeads. The server is the argument or
// WS_URL.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"time"

	"github.com/ethereum/go-ethereum/rpc"
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
	c, err := rpc.DialContext(context.Background(), url)
	if err != nil {
		emit("dial_error", map[string]any{"error": err.Error()})
		os.Exit(1)
	}
	emit("connected", nil)
	ch := make(chan map[string]any, 16)
	sub, err := c.EthSubscribe(context.Background(), ch, "newHeads")
	if err != nil {
		emit("subscribe_error", map[string]any{"error": err.Error()})
		os.Exit(1)
	}
	emit("subscribed", nil)
	for {
		select {
		case err := <-sub.Err():
			emit("subscription_error", map[string]any{"error": fmt.Sprint(err)})
			select {}
		case m := <-ch:
			emit("head", map[string]any{"head": m})
		}
	}
}
