// Package toxiproxy drives Toxiproxy 2.12 and faultproxy by Toxiproxy's own Go client, in
// one run, and compares what they answer and what becomes of the traffic. It is a module
// of its own, so that the kit does not depend on Toxiproxy.
package toxiproxy
