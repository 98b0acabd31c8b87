#if canImport(CoreML)
  import Foundation

  /// The system prompt of one answer and its copy on disk.
  struct PrefixUse {
    private let cache: PrefixCache
    private let session: CachedSession
    private let ids: [Int]
    private let key: String

    /// nil where nothing is kept: it is switched off, the prompt is short, or the package has no cache.
    init?(_ model: LoadedModel, _ prompt: FittedPrompt, _ options: CoreMLOptions) {
      // The last token of a prompt is always computed.
      let count = min(prompt.stablePrefix, prompt.ids.count - 1)
      guard let kept = options.prefixCache, count >= kept.minimumTokens, let session = model.session as? CachedSession else {
        return nil
      }
      cache = PrefixCache(folder: options.cacheFolder.appendingPathComponent("prefixes"), options: kept)
      self.session = session
      ids = Array(prompt.ids.prefix(count))
      key = "\(model.key) \(model.report.computeUnits.rawValue)"
    }

    func restore() {
      guard !session.tokens.starts(with: ids) else { return }
      _ = cache.restore(ids, into: session, key: key)
    }

    func store() {
      guard session.tokens.starts(with: ids) else { return }
      cache.store(ids.count, of: session, key: key)
    }
  }
#endif
