package diagnosis_test

import (
	"fmt"

	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
)

func ExampleDiagnose() {
	recording := live(join(chatter(sec, 3*sec, sec), cutByBox(63*sec))...)
	report := diagnosis.Diagnose(recording, 1)
	fmt.Println(report.Cause.ID, report.EndedBy, report.How)
	fmt.Println(report.CloseEvent)
	fmt.Println(report.Idle.Both)
	fmt.Println(report.Cause.Advice)
	// Output:
	// idle-timeout network FIN
	// 1006 "" wasClean=false
	// 1m0s
	// beat more often than every 30 s, or raise proxy_read_timeout
}

func ExampleReport_String() {
	fmt.Println(diagnosis.Diagnose(live(join([]step{
		at(sec, serverCloses(1012, "restart")), at(sec, clientCloses(1012, "restart")),
	}, finAfter(sec))...), 1))
	// Output:
	// connection 1: ended by the server after 1.0 s with a close frame
	//   cause    restart (certain): the server sent Close 1012 "restart" (Service Restart); in the field: the server restarts and will be back
	//   advice   deployments; do clients come back spread over 5 to 30 s, or all at once?
	//   client   1012 "restart" wasClean=true (chromium)
	//   idle     1.0 s from the client, 1.0 s from the server
}
