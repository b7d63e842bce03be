package diagnosis

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// seconds writes a moment: "12.345 s".
func seconds(at time.Duration) string { return fmt.Sprintf("%.3f s", at.Seconds()) }

// connection says "connection 3", or what else has no number.
func connection(n int) string {
	if n == 0 {
		return "a TCP connection without a request"
	}
	return "connection " + strconv.Itoa(n)
}

// count says "1 attempt", "2 attempts".
func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}

// between says "1.0 s to 2.0 s", or the one time that both are.
func between(low, high time.Duration) string {
	if span(low) == span(high) {
		return span(low)
	}
	return span(low) + " to " + span(high)
}

// ordinal says "1st", "2nd", "13th".
func ordinal(n int) string {
	suffix := "th"
	if n%100 < 11 || n%100 > 13 {
		switch n % 10 {
		case 1:
			suffix = "st"
		case 2:
			suffix = "nd"
		case 3:
			suffix = "rd"
		}
	}
	return strconv.Itoa(n) + suffix
}

// listed joins what is not empty: "a, b and c".
func listed(parts []string) string {
	if len(parts) < 2 {
		return strings.Join(parts, "")
	}
	last := len(parts) - 1
	return strings.Join(parts[:last], ", ") + " and " + parts[last]
}
