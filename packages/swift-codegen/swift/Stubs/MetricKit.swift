// A stand-in for the parts of Apple's `MetricKit` that the runtime calls. Signatures from Apple's documentation; `deliver` plays the system.
import Foundation
import os

public protocol MXMetricManagerSubscriber: NSObjectProtocol {
  func didReceive(_ payloads: [MXMetricPayload])
  func didReceive(_ payloads: [MXDiagnosticPayload])
}

extension MXMetricManagerSubscriber {
  public func didReceive(_ payloads: [MXMetricPayload]) {}
  public func didReceive(_ payloads: [MXDiagnosticPayload]) {}
}

open class MXMetricPayload: NSObject {
  public func jsonRepresentation() -> Data { Data("{}".utf8) }
}

open class MXDiagnosticPayload: NSObject {
  public func jsonRepresentation() -> Data { Data("{}".utf8) }
}

open class MXMetricManager: NSObject {
  public class var shared: MXMetricManager { MXMetricManager() }
  public class func makeLogHandle(category: String) -> OSLog { OSLog(subsystem: "metrickit", category: category) }
  public func add(_ subscriber: any MXMetricManagerSubscriber) {}
  public func remove(_ subscriber: any MXMetricManagerSubscriber) {}
}

/// Unavailable on macOS in SDKs before that of macOS 26.
public func mxSignpost(
  _ type: OSSignpostType, dso: UnsafeRawPointer = #dsohandle, log: OSLog, name: StaticString, signpostID: OSSignpostID = .exclusive,
  _ format: StaticString = "%{public, signpost:metrics}@", _ arguments: [any CVarArg] = []
) {}

/// From OS 27 on. `deliver` plays the system.
public final class MetricManager: Sendable {
  public static let deliver = (
    metrics: AsyncStream<MetricReport>.makeStream(), diagnostics: AsyncStream<DiagnosticReport>.makeStream()
  )

  public convenience init() { self.init(enabledStateReportingDomains: []) }
  public init(enabledStateReportingDomains: Set<String>) {}

  public var metricReports: some AsyncSequence<MetricReport, Never> { Self.deliver.metrics.stream }
  public var diagnosticReports: some AsyncSequence<DiagnosticReport, Never> { Self.deliver.diagnostics.stream }
}

public struct MetricReport: Sendable, Codable {
  public var version: String
  public init(version: String) { self.version = version }
}

public struct DiagnosticReport: Sendable, Codable {
  public var reason: String
  public init(reason: String) { self.reason = reason }
}
