package conformance

// elsewhere is a rule that no case shows, why not, and the test of the stream that holds to it.
type elsewhere struct {
	rule      int
	why, test string
}

// notForAServer are the rules that no healthy server shows to who asks: they are about faults, or about the client.
func notForAServer() []elsewhere {
	return []elsewhere{
		{4, "both servers have watch lists", "TestRule04SnapshotRefusedIsRemembered"},
		{5, "both servers send the end bookmark", "TestRule05EndBookmarkNeverComes"},
		{6, "a fault: the stream ends too early", "TestRule06PartialSnapshotDeletesNothing"},
		{13, "neither server sends an empty page with a token", "TestClassify"},
		{24, "the client's: how it backs off", "TestRule24ShortWatches"},
		{27, "the client's: what it drops", "TestRule27Replays"},
		{29, "a fault: a connection that is dead and open", "TestRule29HardDeadline"},
		{31, "a fault: no connection", "TestRule31Refused"},
		{32, "the client's: how many connections it opens", "TestRule32ManyStreams"},
		{34, "the client's: how it reads", "TestRule34ReadingIsApartFromTheHandler"},
		{35, "faults, one after another", "TestRule35Storm"},
		{37, "a server under load", "TestRule37RetryAfterSeconds"},
		{38, "a fault of the server", "TestRule38ServerErrors"},
		{48, "a fault: an object that cannot be read", "TestRule48Undecodable"},
		{49, "a server that is newer than the client", "TestRule49UnknownTypeAndNoMetadata"},
		{50, "a fault of the server's store", "TestRule50StoreReadError"},
		{51, "a fault of a webhook", "TestRule51ConversionWebhookDown"},
		{54, "the client's: what it does not look at", "TestRule54NoClockOfObjects"},
		{56, "a server of another make", "TestRule56NoVersionAtAll"},
	}
}
