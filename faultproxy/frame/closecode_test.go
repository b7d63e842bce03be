package frame_test

import (
	"testing"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

func TestRegistryCoversEveryCodeOnce(t *testing.T) {
	next := 0
	for _, entry := range frame.Registry() {
		if int(entry.From) != next || entry.To < entry.From {
			t.Fatalf("%s follows %d", entry.Codes(), next-1)
		}
		next = int(entry.To) + 1
		if entry.Name == "" || entry.Meaning == "" || entry.LookAt == "" || entry.Source == "" {
			t.Errorf("%s says too little: %+v", entry.Codes(), entry)
		}
		for _, code := range []frame.CloseCode{entry.From, entry.To} {
			if code.Info() != entry {
				t.Errorf("Info of %d is %s", code, code.Info().Codes())
			}
		}
	}
	if next != 65536 {
		t.Errorf("ends at %d", next-1)
	}
}

func TestWhoMaySendWhat(t *testing.T) {
	for code := range 65536 {
		info := frame.CloseCode(code).Info()
		// The browser's close() takes these and no others.
		if want := code == 1000 || code >= 3000 && code <= 4999; info.MaySend != want {
			t.Fatalf("%d: MaySend %t", code, info.MaySend)
		}
		onWire := code >= 1000 && code <= 1003 || code >= 1007 && code <= 1014 || code >= 3000 && code <= 4999
		if info.OnWire != onWire {
			t.Fatalf("%d: OnWire %t", code, info.OnWire)
		}
	}
}

func TestKnownCodes(t *testing.T) {
	for code, name := range map[frame.CloseCode]string{
		0: "Unused", 1000: "Normal Closure", 1001: "Going Away", 1005: "No Status Received", 1006: "Abnormal Closure",
		frame.CodeServiceRestart: "Service Restart", frame.CodeBadGateway: "Bad Gateway", 1999: "Reserved for the Protocol",
		2500: "Reserved for Extensions", 3000: "Unauthorized", 3500: "For Libraries and Frameworks", 4004: "Private Use", 5000: "Undefined",
	} {
		if got := code.Info().Name; got != name {
			t.Errorf("%d is %q, want %q", code, got, name)
		}
	}
	if got := frame.CloseCode(7).Info().Codes() + " " + frame.CodeTimeout.Info().Codes(); got != "0-999 3008" {
		t.Errorf("Codes: %s", got)
	}
}

func TestRegistryIsACopy(t *testing.T) {
	frame.Registry()[0].Name = "changed"
	if got := frame.CloseCode(0).Info().Name; got != "Unused" {
		t.Errorf("the registry was changed to %q", got)
	}
}

func TestCloseEventString(t *testing.T) {
	for want, e := range map[string]frame.CloseEvent{
		`1006 "" wasClean=false`:             {Code: 1006},
		`1012 "restart" wasClean=true`:       {Code: 1012, Reason: "restart", WasClean: true},
		`error, then 1006 "" wasClean=false`: {Code: 1006, Error: true},
	} {
		if got := e.String(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
