#if canImport(MetricKit)
  import Foundation
  import MetricKit

  /// Stores what MetricKit reports about the app, about once a day and after crashes and hangs, as the JSON that the system makes.
  ///
  /// Up to OS 26 these are `MXMetricPayload` (not on macOS) and `MXDiagnosticPayload`; from OS 27 on, where the app was built with its SDK, `MetricReport` and
  /// `DiagnosticReport`, whose JSON is another one. Make one when the app starts, and keep it.
  public final class SystemReports: Sendable {
    private let subscription: any Sendable

    public init(folder: ReportFolder, telemetry: Telemetry? = nil) {
      let store: ReportStore = { [weak telemetry] kind, report in
        // A report that cannot be stored must not end the app; the log says so.
        do { try folder.store(report(), kind: kind) } catch { telemetry?.diagnostic("report_lost", LoggedError(error).type) }
      }
      subscription = Self.subscribe(store)
    }

    private static func subscribe(_ store: @escaping ReportStore) -> any Sendable {
      // The framework StateReporting came with the SDK that has MetricManager.
      #if canImport(StateReporting)
        if #available(iOS 27, macOS 27, visionOS 27, *) { return ReportTasks(store) }
      #endif
      return PayloadSubscriber(store)
    }
  }

  extension Telemetry {
    /// Stores the system's reports from now on, as long as this object lives: see `SystemReports`.
    public func storeSystemReports(in folder: ReportFolder) {
      let reports = SystemReports(folder: folder, telemetry: self)
      state.with { $0.systemReports = reports }
    }
  }

  private typealias ReportStore = @Sendable (_ kind: StaticString, _ report: () throws -> Data) -> Void

  /// Up to OS 26.
  private final class PayloadSubscriber: NSObject, MXMetricManagerSubscriber, Sendable {
    private let store: ReportStore

    init(_ store: @escaping ReportStore) {
      self.store = store
      super.init()
      MXMetricManager.shared.add(self)
    }

    // MXMetricPayload came to macOS with 26, and not in all of the SDKs that build this.
    #if !os(macOS)
      func didReceive(_ payloads: [MXMetricPayload]) {
        for payload in payloads { store("metrics") { payload.jsonRepresentation() } }
      }
    #endif

    func didReceive(_ payloads: [MXDiagnosticPayload]) {
      for payload in payloads { store("diagnostics") { payload.jsonRepresentation() } }
    }
  }

  #if canImport(StateReporting)
    /// From OS 27 on.
    @available(iOS 27, macOS 27, visionOS 27, *)
    private final class ReportTasks: Sendable {
      private let tasks: [Task<Void, Never>]

      init(_ store: @escaping ReportStore) {
        let manager = MetricManager()
        var tasks = [
          Task.detached(priority: .utility) {
            for await report in manager.diagnosticReports { store("diagnostics") { try JSONEncoder().encode(report) } }
          }
        ]
        #if !os(visionOS)
          tasks.append(
            Task.detached(priority: .utility) {
              for await report in manager.metricReports { store("metrics") { try JSONEncoder().encode(report) } }
            })
        #endif
        self.tasks = tasks
      }

      deinit { for task in tasks { task.cancel() } }
    }
  #endif
#else
  extension Telemetry {
    /// Does nothing: this system makes no reports.
    public func storeSystemReports(in folder: ReportFolder) {}
  }
#endif
