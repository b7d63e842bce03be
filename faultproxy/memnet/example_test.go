package memnet_test

import (
	"fmt"
	"io"
	"net"
	"net/http"

	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
)

func Example() {
	network := memnet.New()
	listener, err := network.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		io.Copy(conn, conn)
	}()

	conn, err := network.Dial("tcp", listener.Addr().String())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(conn.LocalAddr(), "->", conn.RemoteAddr())
	io.WriteString(conn, "hello")
	conn.(*memnet.Conn).CloseWrite()
	answer, _ := io.ReadAll(conn)
	fmt.Printf("%s\n", answer)
	conn.Close()

	fmt.Println(network.Close())
	// Output:
	// 127.0.0.1:49152 -> 127.0.0.1:20000
	// hello
	// memnet: network closed with listeners still open: 1, connections: 0
	//   listener 127.0.0.1:20000
}

// Any program that lets its listener and dialer be chosen runs on a Network.
func ExampleNetwork_DialContext() {
	network := memnet.New()
	listener, err := network.Listen("tcp", "example.test:80")
	if err != nil {
		fmt.Println(err)
		return
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "hello %s", r.RemoteAddr)
	})}
	go server.Serve(listener)
	defer server.Close()

	client := &http.Client{Transport: &http.Transport{DialContext: network.DialContext}}
	resp, err := client.Get("http://example.test/")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	fmt.Printf("%s\n", body)
	// Output: hello 127.0.0.1:49152
}

// A port can fail and come back while its listener goes on listening.
func ExampleListener_Refuse() {
	network := memnet.New()
	listener, err := network.Listen("tcp", ":80")
	if err != nil {
		fmt.Println(err)
		return
	}
	dial := func() {
		conn, err := network.Dial("tcp", "example.test:80")
		if err != nil {
			fmt.Println(err)
			return
		}
		defer conn.Close()
		fmt.Println("connected to", conn.RemoteAddr())
	}
	var port interface {
		net.Listener
		Refuse()
		Resume()
	} = listener.(*memnet.Listener)
	port.Refuse()
	dial()
	port.Resume()
	dial()
	// Output:
	// dial tcp 127.0.0.1:80: connect: connection refused
	// connected to 127.0.0.1:80
}
