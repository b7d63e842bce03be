package faultproxy

import "strings"

// Stage is a moment in a connection's life at which rules are asked. A fault
// declares the stages it can act at; [Proxy.Add] refuses a rule whose trigger
// happens at another.
type Stage uint8

// The stages, in the order a connection meets them.
const (
	StageAccept   Stage = 1 << iota // a TCP connection was accepted
	StageRequest                    // an upgrade request was read
	StageResponse                   // the upstream's answer to it was read
	StageFrame                      // a frame arrived
	StageTime                       // time passed on an open connection (or it just opened)
	StagePath                       // bytes leave for the other side, whatever they are
	StageProxy                      // time passed on the proxy, whatever its connections
)

var stageNames = []struct {
	stage Stage
	name  string
}{
	{StageAccept, "accepted"},
	{StageRequest, "request"},
	{StageResponse, "response"},
	{StageFrame, "frame"},
	{StageTime, "time"},
	{StagePath, "path"},
	{StageProxy, "proxy"},
}

// String lists the stages' names, such as "frame, time".
func (s Stage) String() string {
	var names []string
	for _, n := range stageNames {
		if s&n.stage != 0 {
			names = append(names, n.name)
		}
	}
	return strings.Join(names, ", ")
}
