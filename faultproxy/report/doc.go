// Package report shows what a timeline recorded to people: sequence diagrams and
// plots of attempts to connect (SVG), one page with everything in it (HTML), and an
// archive that a browser's developer tools open (HAR). It reads views and writes documents; it judges nothing that
// [diagnosis] does not.
//
// Everything it writes is finished when it is written: no scripts, no fonts, no
// requests to anywhere, and no date but those of the recording, so that the same
// recording gives the same bytes. Diagrams and pages are light or dark as the reader's
// system is.
//
// Secrets in headers and URLs were taken out when they were recorded, see
// [timeline.RedactField]. What frames carry is shown as it is.
//
// Where a proxy and a server share a timeline, what the proxy saw is shown, as
// [diagnosis.All] takes it. Give it the server's part, [timeline.View.At], for the other.
package report
