import Foundation
import Testing

@testable import PippinRuntime

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

@Suite struct AnswerTests {
  static let piece = Piece(stage: "m", file: 0, offset: 1024, count: 2048, fileBytes: 10_000)
  static let whole = Piece(stage: "m", file: 0, offset: 0, count: 10_000, fileBytes: 10_000)

  @Test func aRangeIsTheOneThatWasAskedFor() {
    #expect(answer(206, ["Content-Range": "bytes 1024-3071/10000"], 2048) == .piece)
    #expect(answer(206, ["Content-Range": "bytes 1024-3071/*"], 2048) == .piece)
    #expect(answer(200, [:], 10_000) == .wholeFile)
    #expect(answer(200, [:], 10_000, Self.whole) == .piece)
  }

  @Test(arguments: [
    "bytes 0-2047/10000", "bytes 1024-3070/10000", "bytes 1024-3071/9999", "bytes=1024-3071/10000", "1024-3071/10000", "",
  ])
  func anotherRangeIsWrong(_ range: String) {
    guard case .wrong = answer(206, ["Content-Range": range], 2048) else { return #expect(Bool(false)) }
  }

  @Test func aBodyOfAnotherLengthIsWrong() {
    #expect(answer(206, ["Content-Range": "bytes 1024-3071/10000"], 2047) == .wrong("2047 of 2048 bytes came"))
    #expect(answer(200, [:], 9999) == .wrong("9999 of 10000 bytes came"))
    guard case .wrong = answer(206, [:], 2048) else { return #expect(Bool(false)) }
  }

  @Test(arguments: [401, 403, 404, 410, 416, 400, 418, 204, 304, 300]) func someAnswersAreFinal(_ status: Int) {
    guard case .refused(let reason) = answer(status, [:], 0) else { return #expect(Bool(false)) }
    #expect(reason.contains("\(status)"))
  }

  @Test(arguments: [408, 425, 429, 500, 502, 503, 504, 599]) func othersAreAskedAgain(_ status: Int) {
    #expect(answer(status, ["Retry-After": "7"], 0) == .busy("the server answers with status \(status)", retryAfter: 7))
  }

  @Test func aRedirectIsResolvedAgainstTheAddress() {
    #expect(answer(302, ["Location": "../b?c=d"], 0) == .redirect(URL(string: "https://host/b?c=d")!))
    #expect(answer(307, ["Location": "//other/x"], 0) == .redirect(URL(string: "https://other/x")!))
    #expect(answer(308, ["Location": "http://other/x"], 0) == .redirect(URL(string: "http://other/x")!))
    #expect(answer(301, [:], 0) == .refused("the server redirects to nowhere"))
  }

  @Test func brokenConnectionsAreTriedAgainBadCertificatesNot() {
    guard case .dropped = ServerAnswer(URLError(.networkConnectionLost)) else { return #expect(Bool(false)) }
    guard case .dropped = ServerAnswer(URLError(.timedOut)) else { return #expect(Bool(false)) }
    guard case .refused = ServerAnswer(URLError(.serverCertificateUntrusted)) else { return #expect(Bool(false)) }
  }

  /// The three forms and the date are those of RFC 9110, 5.6.7 and 10.2.3; only the first form of dates may be sent today.
  @Test func retryAfterIsSecondsOrADate() {
    let date = Date(timeIntervalSince1970: 784_111_777)  // Sun, 06 Nov 1994 08:49:37 GMT
    #expect(RetryPolicy.seconds(retryAfter: "120") == 120)
    #expect(RetryPolicy.seconds(retryAfter: "Sun, 06 Nov 1994 08:49:37 GMT", now: date - 30) == 30)
    #expect(RetryPolicy.seconds(retryAfter: "Sun, 06 Nov 1994 08:49:37 GMT", now: date + 30) == 0)
    for text in [nil, "", "-1", "soon", "1e9", "inf", "99999999999999"] { #expect(RetryPolicy.seconds(retryAfter: text) == nil) }
  }

  @Test func waitsDoubleUpToTheLongestAndNotBelowWhatTheServerSays() {
    let policy = RetryPolicy(attempts: 9, firstDelay: 1, longestDelay: 10)
    #expect((1...6).map { policy.delay(after: $0, retryAfter: nil, random: 1) } == [1, 2, 4, 8, 10, 10])
    #expect((1...6).map { policy.delay(after: $0, retryAfter: nil, random: 0) } == [0.5, 1, 2, 4, 5, 5])
    #expect(policy.delay(after: 1, retryAfter: 9, random: 0) == 9)
    #expect(policy.delay(after: 5, retryAfter: 1, random: 0) == 5)
  }

  @Test func theRateIsThatOfTheLastSeconds() {
    var meter = RateMeter()
    #expect(meter.rate(at: 0) == 0)
    for second in 0...20 { meter.add(1000, at: Double(second)) }
    #expect(meter.rate(at: 20) == 1000)
    for second in 21...40 { meter.add(3000, at: Double(second)) }
    #expect(meter.rate(at: 40) == 3000)
    let progress = DownloadProgress(phase: .downloading, doneBytes: 500, totalBytes: 2000, bytesPerSecond: 500)
    #expect(progress.secondsLeft == 3)
    #expect(progress.fraction == 0.25)
  }

  private func answer(_ status: Int, _ headers: [String: String], _ bytes: Int64, _ piece: Piece = Self.piece) -> ServerAnswer {
    let url = URL(string: "https://host/a/f")!
    let response = HTTPURLResponse(url: url, statusCode: status, httpVersion: "HTTP/1.1", headerFields: headers)!
    return ServerAnswer(response, to: piece, byteCount: bytes)
  }
}

@Suite struct DownloadOptionsTests {
  @Test func eachPartOfAPathIsEscaped() {
    let address = { DownloadOptions.address(of: $0, at: URL(string: $1)!)?.absoluteString }
    #expect(address("a b/ü?#%.bin", "https://h/x") == "https://h/x/a%20b/%C3%BC%3F%23%25.bin")
    #expect(address("a", "https://h/x/?key=1#f") == "https://h/x/a?key=1")
    #expect(address("@evil.example/a", "https://h") == "https://h/%40evil.example/a")
    #expect(address("a", "https://h/x%2Fy/") == "https://h/x%2Fy/a")
  }

  @Test(arguments: ["http://host/", "ftp://localhost/", "file:///etc/", "https:///x", "models", "http://localhost.evil.example/"])
  func onlyHttpsIsTaken(_ text: String) {
    #expect(throws: RuntimeError.self) { try DownloadOptions().check(URL(string: text)!) }
  }

  @Test func thisDeviceMayUseHttp() throws {
    for text in ["https://host/", "http://localhost:1/", "http://127.0.0.1/", "http://[::1]:8/", "HTTPS://HOST"] {
      try DownloadOptions().check(URL(string: text)!)
    }
    var options = DownloadOptions()
    options.allowsInsecureHTTP = true
    try options.check(URL(string: "http://host/")!)
  }

  @Test(arguments: ["Range", "host", "a b", "a:b", "", "a\r\nb"]) func aHeaderThatWouldChangeTheRequestIsRefused(_ name: String) {
    var options = DownloadOptions()
    options.headers = [name: "x"]
    #expect(throws: RuntimeError.self) { try options.check(URL(string: "https://host/")!) }
    options.headers = ["X": "a\r\nRange: bytes=0-1"]
    #expect(throws: RuntimeError.self) { try options.check(URL(string: "https://host/")!) }
  }

  @Test func anOriginIsSchemeHostAndPort() {
    let origins = ["https://Host/a", "https://host:443/b", "https://host:444/", "http://host/", "https://host.evil/"]
      .map { URL(string: $0)!.origin }
    #expect(origins[0] == origins[1])
    #expect(Set(origins).count == 4)
  }
}
